/** HKDF-SHA256 (RFC 5869) written out from HMAC, so that the vectors do not come from the function that they check. */
import { createHmac } from "node:crypto";

export function hkdf(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  size: number,
): Uint8Array {
  const extracted = createHmac("sha256", salt.length === 0 ? new Uint8Array(32) : salt)
    .update(secret)
    .digest();
  const out: Buffer[] = [];
  let block = Buffer.alloc(0);
  for (let i = 1; out.length * 32 < size; i++) {
    block = createHmac("sha256", extracted)
      .update(block)
      .update(info)
      .update(Uint8Array.of(i))
      .digest();
    out.push(block);
  }
  return new Uint8Array(Buffer.concat(out).subarray(0, size));
}
