/**
 * Passwords of administrators, by Argon2id in a thread of its own: a hash takes tens of milliseconds, in which the event loop has
 * streams to serve.
 */
import { Worker } from "node:worker_threads";
import type { FromHasher, ToHasher } from "./password-messages.ts";

const LIMIT_MS = 10_000;
/** Hashes at once: sign-ins are rare, and strangers' must not take the machine. */
const MAX_AT_ONCE = 2;

export interface Passwords {
  /** Rejects if too many are asked for at once. */
  hash(password: string): Promise<string>;
  matches(password: string, hash: string): Promise<boolean>;
}

export function createPasswords(): Passwords {
  let running = 0;

  async function ask(question: ToHasher): Promise<FromHasher> {
    if (running >= MAX_AT_ONCE) throw new Error("too many passwords at once");
    running += 1;
    const thread = new Worker(new URL("./password-thread.ts", import.meta.url));
    try {
      return await new Promise<FromHasher>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error("hashing took too long")), LIMIT_MS);
        thread.once("message", (answer: FromHasher) => {
          clearTimeout(limit);
          resolve(answer);
        });
        thread.once("error", () => {
          clearTimeout(limit);
          reject(new Error("hashing failed"));
        });
        thread.postMessage(question);
      });
    } finally {
      running -= 1;
      void thread.terminate();
    }
  }

  return {
    async hash(password) {
      const answer = await ask({ kind: "hash", password });
      if (answer.kind !== "hashed") throw new Error("hashing failed");
      return answer.hash;
    },
    async matches(password, hash) {
      const answer = await ask({ kind: "verify", password, hash });
      return answer.kind === "verified" && answer.isSame;
    },
  };
}
