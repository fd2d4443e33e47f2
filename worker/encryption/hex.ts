/** Bytes ⇄ lower-case hex digits. */
import { Buffer } from "node:buffer";

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** @param digits an even number of hex digits, as the caller has checked */
export function fromHex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, "hex"));
}
