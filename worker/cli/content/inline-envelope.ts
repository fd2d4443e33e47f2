/**
 * An envelope that is the value of an attribute, in base64. Trace back ends cut long values off silently (Tempo at 2,048 bytes,
 * unless told otherwise), which must not be taken for damage: what is shorter than it can have been is `cut`.
 */
import { Buffer } from "node:buffer";
import { CHUNK_BYTES, sealedLength } from "../../encryption/chunks.ts";
import {
  COMMITMENT_BYTES,
  HEAD_BYTES,
  MAX_RECIPIENTS,
  parseEnvelope,
  SALT_BYTES,
  VERSION,
} from "../../encryption/envelope.ts";
import { padme } from "../../encryption/padding.ts";
import type { FoundContent } from "./record.ts";

/** Of one recipient, in the head. */
const BOX_BYTES = 88;
/** Base64 up to where it ends, or was cut. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export interface Claims {
  /** Of the whole envelope; null: the span does not say. */
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
}

export function readInline(text: string, { sizeBytes, sha256 }: Claims): FoundContent {
  if (!BASE64.test(text)) return { state: "missing", why: "unreadable" };
  const envelope = new Uint8Array(Buffer.from(text, "base64"));
  const isShort =
    sizeBytes === null
      ? text.length % 4 !== 0 || !hasPossibleLength(envelope)
      : envelope.length < sizeBytes;
  if (isShort) return { state: "missing", why: "cut" };
  return { state: "inline", envelope, sizeBytes, sha256 };
}

/** Whether a sealed envelope can have this length: few lengths are, because of the padding. Of others nothing is known. */
function hasPossibleLength(bytes: Uint8Array): boolean {
  if (isCutInHead(bytes)) return false;
  try {
    const { head, body } = parseEnvelope(bytes);
    if (head.kind === "plaintext") return true;
    const tags = Math.ceil(body.length / sealedLength(CHUNK_BYTES));
    const padded = body.length - tags * sealedLength(0);
    return padded >= 2 && padme(padded) === padded;
  } catch {
    // Damaged, or no envelope at all: whoever opens it will say so.
    return true;
  }
}

/** Begins as an envelope does, and ends before its commitment. */
function isCutInHead(bytes: Uint8Array): boolean {
  const isEnvelope = [0x41, 0x52, 0x45, VERSION].every((byte, at) => (bytes[at] ?? byte) === byte);
  const recipients = bytes[8] ?? 0;
  const least = HEAD_BYTES + SALT_BYTES + BOX_BYTES * recipients + COMMITMENT_BYTES;
  const isPlain = bytes[4] === 2;
  return isEnvelope && !isPlain && recipients <= MAX_RECIPIENTS && bytes.length < least;
}
