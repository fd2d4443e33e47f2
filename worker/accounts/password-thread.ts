/** One hash, or one check of a password. `password.ts` alone starts this thread. */
import { randomBytes } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { argon2id, argon2Verify } from "hash-wasm";
import { ARGON2 } from "./argon2.ts";
import type { FromHasher, ToHasher } from "./password-messages.ts";

async function answer(question: ToHasher): Promise<FromHasher> {
  const { password } = question;
  if (question.kind === "verify") {
    const isSame = await argon2Verify({ password, hash: question.hash }).catch(() => false);
    return { kind: "verified", isSame };
  }
  const hash = await argon2id({
    password,
    salt: new Uint8Array(randomBytes(16)),
    memorySize: ARGON2.memoryKib,
    iterations: ARGON2.passes,
    parallelism: ARGON2.lanes,
    hashLength: 32,
    outputType: "encoded",
  });
  return { kind: "hashed", hash };
}

parentPort?.once("message", (question: ToHasher) => {
  void answer(question).then((said) => parentPort?.postMessage(said));
});
