/**
 * The ports to sealed content and the keys it is sealed under. Types, and the closed list of reasons. Used by the sealing thread
 * and the offline commands alone.
 */

/** A subject's content key, wrapped by the master key `kid` (`worker/encryption/SPEC.md`). */
export interface SubjectKey {
  /** 32 lower-case hex digits. */
  readonly handle: string;
  /** 16 lower-case hex digits. */
  readonly kid: string;
  /** 60 bytes. */
  readonly wrapped: Uint8Array;
}

export interface Subject extends SubjectKey {
  /** Whose content it is, as `worker/content/subject-name.ts` words it. */
  readonly name: string;
  readonly createdAtMs: number;
}

export interface ErasedSubject {
  readonly handle: string;
  readonly erasedAtMs: number;
}

/** The keys that content is sealed under. A key that was erased MUST NOT come back, not even with an older copy of the file. */
export interface SubjectStore {
  find(name: string): Promise<Subject | null>;
  /** What is stored for the name: the given subject, or the one that another process was faster with. */
  add(subject: Subject): Promise<Subject>;
  /** In the order of their handles, those after the given one. */
  list(afterHandle: string | null, limit: number): Promise<readonly Subject[]>;
  /** How many are wrapped under each master key. */
  kids(): Promise<ReadonlyMap<string, number>>;
  /** In one transaction; a key that was erased or rewrapped meanwhile is left as it is. Resolves to how many were changed. */
  rewrap(
    changes: readonly { readonly from: SubjectKey; readonly to: SubjectKey }[],
  ): Promise<number>;
  /** Deletes the key for good and leaves a tombstone; false if there is no such key. */
  erase(handle: string, atMs: number): Promise<boolean>;
  /** Tombstones, oldest first. */
  erased(): Promise<readonly ErasedSubject[]>;
  /** Changes whenever another process has changed something: what was read before may be out of date. */
  version(): number;
  close(): void;
}

export const OMIT_REASONS = [
  "too_large",
  "queue_full",
  "store_full",
  "store_failed",
  "sealer_failed",
] as const;
export type OmitReason = (typeof OMIT_REASONS)[number];

/** One part of a request's content, as it is stored. */
export interface ContentRow {
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly field: "input" | "output";
  readonly timeMs: number;
  readonly mode: "encrypted" | "plaintext";
  readonly content:
    | { readonly state: "inline"; readonly envelope: Uint8Array; readonly sha256: string }
    | {
        readonly state: "object";
        /** `<day>/<2 hex digits>/<32 hex digits>`. */
        readonly object: string;
        readonly sizeBytes: number;
        /** Lower-case hex. */
        readonly sha256: string;
      }
    | { readonly state: "omitted"; readonly reason: OmitReason };
}

export interface ContentStore {
  /** In one transaction. A part that is there already stays as it is. */
  add(rows: readonly ContentRow[]): Promise<void>;
  ofTrace(traceId: string): Promise<readonly ContentRow[]>;
  /** Oldest first, from a time on. */
  since(
    fromMs: number,
    toMs: number,
    after: ContentCursor | null,
    limit: number,
  ): Promise<readonly ContentRow[]>;
  /** Whether a row refers to the object. */
  hasObject(object: string): Promise<boolean>;
  /** Of the envelopes that stand in their rows. */
  inlineBytes(traceId: string): Promise<number>;
  /** Deletes the oldest rows from before a time, in one transaction. Their objects are left to the caller. */
  expire(beforeMs: number, limit: number): Promise<ExpiredContent>;
  /** Rejects if no row can be added now; adds none. */
  probe(): Promise<void>;
  close(): void;
}

/** What the gateway itself may know of sealed parts, which another thread writes. */
export interface ContentReader extends Pick<ContentStore, "ofTrace"> {
  /** Whether anything was ever stored. */
  isThere(): boolean;
}

export interface ExpiredContent {
  readonly parts: number;
  /** Names of objects that no row refers to any more. */
  readonly objects: readonly string[];
}

/** Sealed parts that are too large for a row. */
export interface ContentObjects {
  /** Resolves to the object's name once it is durable. @param day `2026-11-23` */
  put(day: string, bytes: Uint8Array): Promise<string>;
  /** Null if there is none of that name. */
  get(object: string): Promise<Uint8Array | null>;
  /** Without complaint if there is none of that name. */
  remove(object: string): Promise<void>;
  /** Rejects if nothing could be stored now. */
  probe(): Promise<void>;
  /** Deletes what was begun, or written and is referred to by nobody, before a time each; resolves to how many. */
  sweep(
    before: { readonly draftsMs: number; readonly objectsMs: number },
    isReferenced: (object: string) => Promise<boolean>,
  ): Promise<number>;
}

export interface ContentCursor {
  readonly timeMs: number;
  readonly traceId: string;
  readonly field: string;
}
