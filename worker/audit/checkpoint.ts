/** Checkpoints of the audit log: its head at a moment, signed (Ed25519), so that a tail that is cut off later is missed (SPEC.md). */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { ChainHead } from "./chain.ts";

const LABEL = "anyray/audit-checkpoint/v1";
const PUBLIC_PREFIX = "aap_";
const PUBLIC_KEY = /^aap_[A-Za-z0-9_-]{43}$/;
/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410): PKCS #8, and SubjectPublicKeyInfo. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

export interface Checkpoint extends ChainHead {
  /** RFC 3339, UTC, ms. */
  readonly time: string;
  /** `aap_…` */
  readonly publicKey: string;
  /** base64url. */
  readonly signature: string;
}

export interface CheckpointSigner {
  readonly publicKey: string;
  sign(head: ChainHead, timeMs: number): Checkpoint;
}

/** @param seed 64 hex digits */
export function createSigner(seed: string): CheckpointSigner {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.from(seed, "hex")]),
    format: "der",
    type: "pkcs8",
  });
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = PUBLIC_PREFIX + der.subarray(SPKI.length).toString("base64url");
  return {
    publicKey,
    sign({ seq, hash }, timeMs) {
      const time = new Date(timeMs).toISOString();
      const signature = sign(null, signedBytes({ seq, hash, time }), key).toString("base64url");
      return { seq, hash, time, publicKey, signature };
    },
  };
}

/** Whether the checkpoint's own key, or the given one, signed it. */
export function isSigned(checkpoint: Checkpoint, publicKey = checkpoint.publicKey): boolean {
  const key = readPublicKey(publicKey);
  if (key === null || checkpoint.publicKey !== publicKey) return false;
  return verify(null, signedBytes(checkpoint), key, Buffer.from(checkpoint.signature, "base64url"));
}

export function isPublicKey(text: string): boolean {
  return readPublicKey(text) !== null;
}

function readPublicKey(text: string): KeyObject | null {
  if (!PUBLIC_KEY.test(text)) return null;
  const bytes = Buffer.from(text.slice(PUBLIC_PREFIX.length), "base64url");
  try {
    return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: "der", type: "spki" });
  } catch {
    return null;
  }
}

function signedBytes({ seq, hash, time }: Pick<Checkpoint, "seq" | "hash" | "time">): Uint8Array {
  const canonical = `{"hash":${JSON.stringify(hash)},"seq":${seq},"time":${JSON.stringify(time)}}`;
  return Buffer.from(LABEL + canonical, "utf8");
}
