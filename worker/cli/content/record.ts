/** One part of a request's content, as some source tells of it: where its envelope is, or why there is none. */
import type { OmitReason } from "../../../db/store.ts";
import type { Field } from "../../encryption/envelope.ts";

export type FoundContent =
  | {
      readonly state: "inline";
      readonly envelope: Uint8Array;
      /** As the source says; null: it does not. The same for an object. */
      readonly sizeBytes: number | null;
      readonly sha256: string | null;
    }
  | {
      readonly state: "object";
      /** Below the content directory: `<day>/<2 hex digits>/<32 hex digits>`. */
      readonly object: string;
      readonly sizeBytes: number | null;
      readonly sha256: string | null;
    }
  | { readonly state: "missing"; readonly why: MissingReason };

/**
 * `cut`: the trace back end cut the attribute off. `unreadable`: what the source says of the part is malformed. `left_out`: for
 * a reason that this version does not know. `lost`, and the others, as the gateway said.
 */
export type MissingReason = OmitReason | "cut" | "unreadable" | "left_out" | "lost";

/** What the source says of how the part was kept; the envelope's own head says what it is. */
export type RecordMode = "encrypted" | "plaintext";

export interface ContentRecord {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16. */
  readonly spanId: string;
  readonly field: Field;
  /** ms since 1970, within what a `Date` can say; null: the source does not say. */
  readonly timeMs: number | null;
  /** Null: the source does not say; the gateway's own files name subjects elsewhere. */
  readonly user: string | null;
  /** Null: the source does not say. */
  readonly mode: RecordMode | null;
  readonly content: FoundContent;
}

const OBJECT = /^\d{4}-\d\d-\d\d\/[0-9a-f]{2}\/[0-9a-f]{32}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Nothing else is ever looked up below the content directory. */
export function isObjectName(text: string): boolean {
  return OBJECT.test(text);
}

export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/** Which part a record is about; the same in every source. */
export function partKey({ traceId, spanId, field }: ContentRecord): string {
  return `${traceId} ${spanId} ${field}`;
}
