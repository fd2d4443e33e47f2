/** One part of a request's content, as some source tells of it: where its envelope is, or why there is none. */
import type { Field } from "../../encryption/envelope.ts";

export type FoundContent =
  | { readonly state: "inline"; readonly envelope: Uint8Array }
  | {
      readonly state: "object";
      /** Below the content directory. */
      readonly object: string;
      /** Null: the source does not say. */
      readonly sizeBytes: number | null;
      readonly sha256: string | null;
    }
  | { readonly state: "missing"; readonly why: MissingReason };

/** `cut`: the trace back end cut the attribute off; else as the gateway said. */
export type MissingReason = "cut" | "unreadable" | string;

export interface ContentRecord {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16. */
  readonly spanId: string;
  readonly field: Field;
  /** ms since 1970; null: the source does not say. */
  readonly timeMs: number | null;
  /** Null: the source does not say; the gateway's own files name subjects elsewhere. */
  readonly user: string | null;
  readonly content: FoundContent;
}
