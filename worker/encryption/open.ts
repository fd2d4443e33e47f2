/** An envelope → the part that was sealed. For the offline commands and tests: nothing that serves requests imports this. */
import { timingSafeEqual } from "node:crypto";
import { openChunks } from "./chunks.ts";
import { decompress } from "./compression.ts";
import { parseEnvelope, type Envelope, type Kind } from "./envelope.ts";
import { EnvelopeError } from "./envelope-error.ts";
import type { Keyring, WrappedKey } from "./keyring.ts";
import { padme } from "./padding.ts";
import { associatedWith, derivePartKeys, sha256 } from "./part-keys.ts";
import { openShare, type RecipientKeyPair } from "./recipients.ts";
import { LENGTHS_BYTES, type Part } from "./seal.ts";

const MAX_BYTES = 1024 * 1024 * 1024;

export type SubjectState =
  | { readonly state: "live"; readonly wrapped: WrappedKey }
  | { readonly state: "erased" }
  | { readonly state: "unknown" };

export interface OpeningKeys {
  readonly keyring: Keyring;
  /** By the 32 hex digits of a handle. */
  readonly subjects: (handle: string) => SubjectState;
  /** Null: no private key is at hand. */
  readonly recipient: RecipientKeyPair | null;
  /** Of a part; default 1 GiB. */
  readonly maxBytes?: number;
}

export interface OpenedPart extends Part {
  readonly kind: Kind;
  readonly handle: string;
}

/** @throws (rejects with) EnvelopeError */
export async function openEnvelope(bytes: Uint8Array, keys: OpeningKeys): Promise<OpenedPart> {
  const envelope = parseEnvelope(bytes);
  const maxBytes = keys.maxBytes ?? MAX_BYTES;
  if (envelope.head.kind === "plaintext") return openPlain(envelope, maxBytes);
  const subject = keys.subjects(envelope.head.handle);
  if (subject.state === "erased") throw new EnvelopeError("erased_subject");
  if (subject.state === "unknown") throw new EnvelopeError("unknown_subject");
  const share = await shareOf(envelope, keys.recipient);
  const subjectKey = keys.keyring.unwrap(envelope.head.handle, subject.wrapped);
  return openSealed(envelope, subjectKey, share, maxBytes);
}

async function shareOf(
  { boxes }: Envelope,
  recipient: RecipientKeyPair | null,
): Promise<Uint8Array | null> {
  if (boxes.length === 0) return null;
  if (recipient === null) throw new EnvelopeError("not_a_recipient");
  return openShare(boxes, recipient);
}

function openSealed(
  { head, salt, prefix, commitment, body }: Envelope,
  subjectKey: Uint8Array,
  share: Uint8Array | null,
  maxBytes: number,
): OpenedPart {
  const keys = derivePartKeys({ subjectKey, share, salt, head: prefix });
  subjectKey.fill(0);
  share?.fill(0);
  if (!timingSafeEqual(keys.commitment, commitment)) throw new EnvelopeError("damaged");
  const padded = openChunks({ key: keys.key, associated: associatedWith(prefix) }, body);
  keys.key.fill(0);
  if (padded.length < LENGTHS_BYTES) throw new EnvelopeError("damaged");
  const length = readLength(padded, 0, padded.length - LENGTHS_BYTES);
  const originalLength = readLength(padded, 8, maxBytes);
  const end = LENGTHS_BYTES + length;
  if (padded.length !== padme(end)) throw new EnvelopeError("damaged");
  if (padded.subarray(end).some((byte) => byte !== 0)) throw new EnvelopeError("damaged");
  const original = decompress(
    padded.subarray(LENGTHS_BYTES, end),
    head.compression,
    originalLength,
  );
  return toPart(head, original);
}

function openPlain({ head, prefix, commitment, body }: Envelope, maxBytes: number): OpenedPart {
  const headBytes = prefix.subarray(0, prefix.length - commitment.length);
  if (!timingSafeEqual(sha256(headBytes, body), commitment) || body.length < 8) {
    throw new EnvelopeError("damaged");
  }
  const length = readLength(body, 0, maxBytes);
  return toPart(head, decompress(body.subarray(8), head.compression, length));
}

function toPart(head: Envelope["head"], bytes: Uint8Array): OpenedPart {
  const { traceId, spanId, field, media, isCut, handle, kind } = head;
  return { traceId, spanId, field, media, isCut, handle, kind, bytes };
}

function readLength(bytes: Uint8Array, at: number, max: number): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at);
  if (length > BigInt(max)) throw new EnvelopeError("damaged");
  return Number(length);
}
