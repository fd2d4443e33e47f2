/** The only place that encrypts or decrypts: AES-256-GCM, 96-bit nonce, 128-bit tag. Who calls it sees to it that no nonce is used twice under a key. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { EnvelopeError } from "./envelope-error.ts";

export const TAG_BYTES = 16;
export const NONCE_BYTES = 12;

export interface AeadInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly associated: Uint8Array;
}

/** Writes ciphertext ‖ tag into `out` from `at` on. */
export function encryptInto(
  out: Uint8Array,
  at: number,
  { key, nonce, associated }: AeadInput,
  plain: Uint8Array,
): void {
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated);
  const body = cipher.update(plain);
  cipher.final();
  out.set(body, at);
  out.set(cipher.getAuthTag(), at + body.length);
}

/** @param sealed ciphertext ‖ tag @throws EnvelopeError `damaged`; no plaintext is released then */
export function decrypt({ key, nonce, associated }: AeadInput, sealed: Uint8Array): Uint8Array {
  if (sealed.length < TAG_BYTES) throw new EnvelopeError("damaged");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    decipher.final();
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch {
    throw new EnvelopeError("damaged");
  }
}
