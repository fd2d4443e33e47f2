/** The body of a sealed envelope: padded plaintext ⇄ 64 KiB chunks, each with its tag, the last one marked (SPEC.md, "Body"). */
import { decrypt, encryptInto, NONCE_BYTES, TAG_BYTES } from "./aead.ts";
import { EnvelopeError } from "./envelope-error.ts";

export const CHUNK_BYTES = 65_536;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const MAX_CHUNKS = 2 ** 32;

/** How many bytes `length` bytes of plaintext become. */
export function sealedLength(length: number): number {
  return length + TAG_BYTES * Math.max(1, Math.ceil(length / CHUNK_BYTES));
}

/** Writes into `out` from `at` on. The key MUST be used for this one body. */
export function sealChunks(
  out: Uint8Array,
  at: number,
  { key, associated }: { readonly key: Uint8Array; readonly associated: Uint8Array },
  plain: Uint8Array,
): void {
  const chunks = Math.max(1, Math.ceil(plain.length / CHUNK_BYTES));
  if (chunks > MAX_CHUNKS) throw new RangeError("a part has at most 2^32 chunks");
  for (let i = 0; i < chunks; i++) {
    const chunk = plain.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    const nonce = nonceOf(i, i === chunks - 1);
    encryptInto(out, at + i * SEALED_CHUNK_BYTES, { key, nonce, associated }, chunk);
  }
}

/** @throws EnvelopeError `damaged`; nothing is given out then */
export function openChunks(
  { key, associated }: { readonly key: Uint8Array; readonly associated: Uint8Array },
  body: Uint8Array,
): Uint8Array {
  const chunks = Math.ceil(body.length / SEALED_CHUNK_BYTES);
  if (chunks === 0) throw new EnvelopeError("damaged");
  const plain = new Uint8Array(Math.max(0, body.length - chunks * TAG_BYTES));
  let at = 0;
  for (let i = 0; i < chunks; i++) {
    const sealed = body.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
    const nonce = nonceOf(i, i === chunks - 1);
    const chunk = decrypt({ key, nonce, associated }, sealed);
    // An empty last chunk behind a full one would be a second form of the same body.
    if (chunk.length === 0 && i > 0) throw new EnvelopeError("damaged");
    plain.set(chunk, at);
    at += chunk.length;
  }
  return plain;
}

function nonceOf(index: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(7, index);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
