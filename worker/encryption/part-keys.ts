/** The keys of one part, from its subject's key and everything that names it (SPEC.md, "Keys of the part"). */
import { createHash, hkdfSync } from "node:crypto";
import { utf8Bytes } from "../bytes.ts";
import { HEAD_BYTES } from "./envelope.ts";

const LABEL = utf8Bytes("anyray/content/v1");
const KEY_BYTES = 32;

export interface PartKeys {
  readonly key: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface PartKeysInput {
  readonly subjectKey: Uint8Array;
  /** Null: no recipients. */
  readonly share: Uint8Array | null;
  readonly salt: Uint8Array;
  /** At least the 60 bytes of the head. */
  readonly head: Uint8Array;
}

export function derivePartKeys({ subjectKey, share, salt, head }: PartKeysInput): PartKeys {
  const secret = share === null ? subjectKey : joined(subjectKey, share);
  const info = joined(LABEL, head.subarray(0, HEAD_BYTES));
  const both = new Uint8Array(hkdfSync("sha256", secret, salt, info, 2 * KEY_BYTES));
  if (share !== null) secret.fill(0);
  return { key: both.subarray(0, KEY_BYTES), commitment: both.subarray(KEY_BYTES) };
}

/** What every chunk of a body is bound to. */
export function associatedWith(prefix: Uint8Array): Uint8Array {
  return sha256(prefix);
}

export function sha256(...pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return new Uint8Array(hash.digest());
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
