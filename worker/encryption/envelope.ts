/** An envelope's bytes ⇄ its parts, as SPEC.md lays them out. No cryptography, no keys: what stands here anyone may read. */
import { EnvelopeError } from "./envelope-error.ts";
import { fromHex, toHex } from "./hex.ts";

export type Kind = "sealed" | "plaintext";
export type Compression = "none" | "deflate" | "zstd";
export type Field = "input" | "output";
export type Media = "json" | "event-stream" | "other";

export interface EnvelopeHead {
  readonly kind: Kind;
  readonly compression: Compression;
  readonly field: Field;
  readonly media: Media;
  /** The answer was broken off, or the client left. */
  readonly isCut: boolean;
  /** 16 hex digits; zeros for plaintext. */
  readonly kid: string;
  /** 32 hex digits. */
  readonly handle: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

export interface RecipientBox {
  /** 16 hex digits. */
  readonly recipientId: string;
  /** 80 bytes. */
  readonly sealed: Uint8Array;
}

export interface Envelope {
  readonly head: EnvelopeHead;
  /** 32 bytes; empty for plaintext. */
  readonly salt: Uint8Array;
  readonly boxes: readonly RecipientBox[];
  /** 32 bytes: the commitment, or the hash of a plaintext one. */
  readonly commitment: Uint8Array;
  /** All before the body. */
  readonly prefix: Uint8Array;
  readonly body: Uint8Array;
}

export const VERSION = 1;
export const HEAD_BYTES = 60;
export const SALT_BYTES = 32;
export const COMMITMENT_BYTES = 32;
export const MAX_RECIPIENTS = 8;
const ID_BYTES = 8;
const SEALED_BYTES = 80;
const BOX_BYTES = ID_BYTES + SEALED_BYTES;
/** `ARE` */
const MAGIC = [0x41, 0x52, 0x45] as const;
const NO_KID = "0".repeat(16);

const KINDS: readonly (Kind | null)[] = [null, "sealed", "plaintext"];
const COMPRESSIONS: readonly Compression[] = ["none", "deflate", "zstd"];
const FIELDS: readonly (Field | null)[] = [null, "input", "output"];
const MEDIAS: readonly (Media | null)[] = [null, "json", "event-stream", "other"];

/** The 60 bytes. */
export function encodeHead(head: EnvelopeHead, recipients: number): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  bytes.set(MAGIC);
  bytes[3] = VERSION;
  bytes[4] = KINDS.indexOf(head.kind);
  bytes[5] = COMPRESSIONS.indexOf(head.compression);
  bytes[6] = FIELDS.indexOf(head.field);
  bytes[7] = MEDIAS.indexOf(head.media);
  bytes[8] = recipients;
  bytes[9] = head.isCut ? 1 : 0;
  bytes.set(fromHex(head.kid + head.handle + head.traceId + head.spanId), 12);
  return bytes;
}

/** All before the commitment. */
export function encodeOpening(
  head: EnvelopeHead,
  salt: Uint8Array,
  boxes: readonly RecipientBox[],
): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + salt.length + BOX_BYTES * boxes.length);
  bytes.set(encodeHead(head, boxes.length));
  bytes.set(salt, HEAD_BYTES);
  let at = HEAD_BYTES + salt.length;
  for (const { recipientId, sealed } of boxes) {
    bytes.set(fromHex(recipientId), at);
    bytes.set(sealed, at + ID_BYTES);
    at += BOX_BYTES;
  }
  return bytes;
}

/** The same bytes that it was parsed from. */
export function encodeEnvelope({ head, salt, boxes, commitment, body }: Envelope): Uint8Array {
  const opening = encodeOpening(head, salt, boxes);
  const bytes = new Uint8Array(opening.length + commitment.length + body.length);
  bytes.set(opening);
  bytes.set(commitment, opening.length);
  bytes.set(body, opening.length + commitment.length);
  return bytes;
}

/** Keeps views of the bytes. @throws EnvelopeError `unknown_version`, `damaged` */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const magic = MAGIC.every((value, at) => bytes[at] === value);
  if (magic && bytes.length > 3 && bytes[3] !== VERSION) throw new EnvelopeError("unknown_version");
  if (!magic || bytes.length < HEAD_BYTES) throw new EnvelopeError("damaged");
  const head = decodeHead(bytes);
  const recipients = bytes[8] ?? 0;
  const isSealed = head.kind === "sealed";
  const isFitting = isSealed
    ? recipients <= MAX_RECIPIENTS
    : recipients === 0 && head.kid === NO_KID;
  if (!isFitting) throw new EnvelopeError("damaged");
  const saltEnd = HEAD_BYTES + (isSealed ? SALT_BYTES : 0);
  const boxesEnd = saltEnd + BOX_BYTES * recipients;
  const prefixEnd = boxesEnd + COMMITMENT_BYTES;
  if (bytes.length < prefixEnd) throw new EnvelopeError("damaged");
  return {
    head,
    salt: bytes.subarray(HEAD_BYTES, saltEnd),
    boxes: decodeBoxes(bytes.subarray(saltEnd, boxesEnd)),
    commitment: bytes.subarray(boxesEnd, prefixEnd),
    prefix: bytes.subarray(0, prefixEnd),
    body: bytes.subarray(prefixEnd),
  };
}

/** The same, for whoever shows what is stored: null for what is no envelope of this version. */
export function envelopeIn(bytes: Uint8Array): Envelope | null {
  try {
    return parseEnvelope(bytes);
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}

function decodeHead(bytes: Uint8Array): EnvelopeHead {
  const kind = KINDS[bytes[4] ?? 0];
  const compression = COMPRESSIONS[bytes[5] ?? 0xff];
  const field = FIELDS[bytes[6] ?? 0];
  const media = MEDIAS[bytes[7] ?? 0];
  const flags = bytes[9] ?? 0xff;
  if (!kind || !compression || !field || !media) throw new EnvelopeError("damaged");
  if (flags > 1 || bytes[10] !== 0 || bytes[11] !== 0) throw new EnvelopeError("damaged");
  return {
    kind,
    compression,
    field,
    media,
    isCut: flags === 1,
    kid: toHex(bytes.subarray(12, 20)),
    handle: toHex(bytes.subarray(20, 36)),
    traceId: toHex(bytes.subarray(36, 52)),
    spanId: toHex(bytes.subarray(52, 60)),
  };
}

function decodeBoxes(bytes: Uint8Array): RecipientBox[] {
  const boxes: RecipientBox[] = [];
  let before = "";
  for (let at = 0; at < bytes.length; at += BOX_BYTES) {
    const recipientId = toHex(bytes.subarray(at, at + ID_BYTES));
    // In order, and none twice: one recipient list has one form.
    if (recipientId <= before) throw new EnvelopeError("damaged");
    before = recipientId;
    boxes.push({ recipientId, sealed: bytes.subarray(at + ID_BYTES, at + BOX_BYTES) });
  }
  return boxes;
}
