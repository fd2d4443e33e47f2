/** What the gateway and its sealing thread say to each other. Types only. */
import type { ErasedSubject, OmitReason, Subject } from "../../db/store.ts";
import type { Field, Media } from "../encryption/envelope.ts";
import type { PartResult, StoreState } from "./sealing.ts";

/** How the thread starts. */
export interface SealerTask {
  readonly dataDir: string;
  /** 64 hex digits each; the first seals. */
  readonly keys: readonly string[];
  /** X25519 public keys, 32 bytes each. */
  readonly recipients: readonly Uint8Array[];
  readonly inlineMaxBytes: number;
  readonly maxBytes: number;
  /** How long content is kept; null: for ever. */
  readonly keepMs: number | null;
}

/** A part without its bytes: those stand in the message's buffer, `length` of them from `start` on. */
export interface PartHead {
  readonly traceId: string;
  readonly spanId: string;
  readonly timeMs: number;
  readonly mode: "encrypted" | "plaintext";
  readonly subject: string;
  readonly field: Field;
  readonly media: Media;
  readonly isCut: boolean;
  readonly omitted: OmitReason | null;
  readonly start: number;
  readonly length: number;
}

/** `mismatch`: some stored subject keys are wrapped by a master key that was not given. */
export type KeyCheck = "ok" | "mismatch" | "failed";

export type ToSealer =
  | {
      readonly kind: "seal";
      readonly parts: readonly PartHead[];
      readonly bytes: ArrayBuffer;
    }
  | {
      readonly kind: "subjects";
      readonly id: number;
      readonly after: string | null;
      readonly limit: number;
    }
  | { readonly kind: "erased"; readonly id: number }
  /** From now on content is kept for so long; null: for ever. */
  | { readonly kind: "keep"; readonly keepMs: number | null }
  | { readonly kind: "erase"; readonly id: number; readonly handle: string; readonly atMs: number }
  | { readonly kind: "close" };

export type FromSealer =
  | { readonly kind: "state"; readonly key: KeyCheck; readonly store: StoreState }
  | {
      readonly kind: "sealed";
      readonly results: Readonly<Partial<Record<PartResult, number>>>;
      readonly store: StoreState;
    }
  /** What can't be written: a file of the data directory, or the folder of the objects. */
  | { readonly kind: "inTheWay"; readonly file: string }
  /** There is sealed content, and neither a subject key nor a tombstone. */
  | { readonly kind: "keysMissing" }
  /** Older than is kept, and deleted. */
  | { readonly kind: "expired"; readonly parts: number }
  | { readonly kind: "subjects"; readonly id: number; readonly subjects: readonly Subject[] }
  | { readonly kind: "erased"; readonly id: number; readonly erased: readonly ErasedSubject[] }
  | { readonly kind: "erase"; readonly id: number; readonly isErased: boolean }
  | { readonly kind: "failed"; readonly id: number }
  | { readonly kind: "closed" };
