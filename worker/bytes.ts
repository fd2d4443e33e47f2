/** Between bytes and text. */
import { Buffer } from "node:buffer";

/**
 * One character a byte, so that offsets are byte offsets. ASCII structure can be searched in it: no byte of a longer
 * UTF-8 sequence looks like ASCII.
 */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

const encoder = new TextEncoder();

export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text);
}
