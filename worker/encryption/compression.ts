/** Compression of parts before they are sealed. Named in the envelope's head; zstd at its fastest level. */
import {
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import type { Compression } from "./envelope.ts";
import { EnvelopeError } from "./envelope-error.ts";

export function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "none") return bytes;
  if (compression === "deflate") return deflateRawSync(bytes, { level: 1 });
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** @param length of the original: what comes out longer or shorter is refused, and it stops there @throws EnvelopeError `damaged` */
export function decompress(
  bytes: Uint8Array,
  compression: Compression,
  length: number,
): Uint8Array {
  let original: Uint8Array;
  try {
    const limit = { maxOutputLength: Math.max(1, length) };
    if (compression === "none") original = bytes;
    else if (compression === "deflate") original = inflateRawSync(bytes, limit);
    else original = zstdDecompressSync(bytes, limit);
  } catch {
    throw new EnvelopeError("damaged");
  }
  if (original.length !== length) throw new EnvelopeError("damaged");
  return new Uint8Array(original.buffer, original.byteOffset, original.byteLength);
}
