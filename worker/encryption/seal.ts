/** A part of a request's content → an envelope. */
import { sealChunks, sealedLength } from "./chunks.ts";
import { compress } from "./compression.ts";
import {
  COMMITMENT_BYTES,
  encodeHead,
  encodeOpening,
  SALT_BYTES,
  type Compression,
  type EnvelopeHead,
  type Field,
  type Media,
} from "./envelope.ts";
import type { RandomBytes } from "./keyring.ts";
import { padme } from "./padding.ts";
import { associatedWith, derivePartKeys, sha256 } from "./part-keys.ts";
import type { Share } from "./recipients.ts";

export interface Part {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly field: Field;
  readonly media: Media;
  readonly isCut: boolean;
  readonly bytes: Uint8Array;
}

export interface SealOptions {
  /** Of the master key that wraps the subject's key. */
  readonly kid: string;
  readonly handle: string;
  /** 32 bytes. */
  readonly subjectKey: Uint8Array;
  /** Null: no recipients. */
  readonly share: Share | null;
  readonly random: RandomBytes;
  /** Default: zstd, or none where that gains nothing. */
  readonly compression?: Compression;
}

/** Compressed and original length. */
export const LENGTHS_BYTES = 16;

export function sealPart(part: Part, options: SealOptions): Uint8Array {
  const { compression, bytes } = compressed(part.bytes, options.compression);
  const boxes = options.share?.boxes ?? [];
  const head = headOf(part, options.handle, options.kid, "sealed", compression);
  const salt = options.random(SALT_BYTES);
  const opening = encodeOpening(head, salt, boxes);
  const { key, commitment } = derivePartKeys({
    subjectKey: options.subjectKey,
    share: options.share?.share ?? null,
    salt,
    head: opening,
  });
  const padded = pad(bytes, part.bytes.length);
  const prefixBytes = opening.length + COMMITMENT_BYTES;
  const envelope = new Uint8Array(prefixBytes + sealedLength(padded.length));
  envelope.set(opening);
  envelope.set(commitment, opening.length);
  const associated = associatedWith(envelope.subarray(0, prefixBytes));
  sealChunks(envelope, prefixBytes, { key, associated }, padded);
  key.fill(0);
  return envelope;
}

/** Readable by anyone: for the mode `plaintext` alone. */
export function plainEnvelope(part: Part, handle: string, wanted?: Compression): Uint8Array {
  const { compression, bytes } = compressed(part.bytes, wanted);
  const head = encodeHead(headOf(part, handle, "0".repeat(16), "plaintext", compression), 0);
  const body = new Uint8Array(8 + bytes.length);
  writeLength(body, 0, part.bytes.length);
  body.set(bytes, 8);
  const envelope = new Uint8Array(head.length + COMMITMENT_BYTES + body.length);
  envelope.set(head);
  envelope.set(sha256(head, body), head.length);
  envelope.set(body, head.length + COMMITMENT_BYTES);
  return envelope;
}

function headOf(
  part: Part,
  handle: string,
  kid: string,
  kind: EnvelopeHead["kind"],
  compression: Compression,
): EnvelopeHead {
  const { field, media, isCut, traceId, spanId } = part;
  return { kind, compression, field, media, isCut, kid, handle, traceId, spanId };
}

function compressed(bytes: Uint8Array, wanted: Compression | undefined) {
  if (wanted !== undefined) return { compression: wanted, bytes: compress(bytes, wanted) };
  const smaller = compress(bytes, "zstd");
  return smaller.length < bytes.length
    ? { compression: "zstd" as const, bytes: smaller }
    : { compression: "none" as const, bytes };
}

function pad(bytes: Uint8Array, originalLength: number): Uint8Array {
  const padded = new Uint8Array(padme(LENGTHS_BYTES + bytes.length));
  writeLength(padded, 0, bytes.length);
  writeLength(padded, 8, originalLength);
  padded.set(bytes, LENGTHS_BYTES);
  return padded;
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(at, BigInt(length));
}
