/**
 * The ports to durable state, and the records that pass through them. Types, but for an error that ports share: what opens a
 * real store is `db/open.ts`.
 *
 * Every port is asynchronous, so that SQLite and Postgres fit behind it. Nothing here has a place for free text: every
 * string is an id of ours, a closed enum, or matches the identity pattern; a schema test holds the tables to that.
 */

/** One attempt at one provider, as the spend ledger keeps it. Tokens are whole numbers ≥ 0; times are ms since 1970 UTC. */
export interface LedgerRow {
  /** UUIDv7 minted at settle from a monotonic source: the order of the ledger. */
  readonly id: string;
  /** When the request was accepted. */
  readonly timeMs: number;
  /**
   * 32 lower-case hex digits of a UUIDv7 minted at `timeMs`, give or take what the clock was set back. One trace per request;
   * unique together with `attempt`.
   */
  readonly traceId: string;
  /** 1 for the first attempt; 0 only for a request that was refused before any attempt. */
  readonly attempt: number;
  readonly session: string | null;
  readonly user: string | null;
  readonly team: string | null;
  readonly attribution: string;
  readonly keyId: string;
  readonly credential: string;
  readonly endpoint: string;
  readonly dialect: string;
  /** Null for a request refused before a provider was chosen. */
  readonly provider: string | null;
  /** The caller's name for the model; stored only if it resolved. */
  readonly modelRequested: string | null;
  readonly modelServed: string | null;
  readonly stream: boolean;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly serviceTier: string | null;
  readonly usageSource: string;
  /** Pico-dollars (10^-12 USD), null when unpriced. */
  readonly costPicoUsd: bigint | null;
  /** Which price data the cost came from; null when unpriced. */
  readonly priceVersion: string | null;
  readonly unpriced: boolean;
  /** Accept to settle, whole ms; null for a crashed attempt. */
  readonly latencyMs: number | null;
  /** Accept to the provider's first body byte, whole ms. */
  readonly ttfbMs: number | null;
  /** HTTP status that the client got; 499 aborted, null crashed. */
  readonly status: number | null;
  readonly upstreamStatus: number | null;
  readonly outcome: string;
  readonly savedInputTokens: number;
  readonly savedPicoUsd: bigint;
}

/** The columns that a query may filter by equality. `null` asks for the unattributed. */
export const LEDGER_FILTERS = [
  "user",
  "team",
  "session",
  "key_id",
  "credential",
  "attribution",
  "provider",
  "model_requested",
  "model_served",
  "endpoint",
  "dialect",
  "outcome",
  "status",
  "usage_source",
  "trace_id",
  "stream",
  "unpriced",
] as const;
export type LedgerFilter = (typeof LEDGER_FILTERS)[number];

/** What spend can be grouped by; `model` is the served model, or the requested one where none was served. */
export const SPEND_GROUPS = [
  "user",
  "team",
  "session",
  "key_id",
  "credential",
  "provider",
  "model",
  "model_requested",
  "model_served",
  "endpoint",
  "dialect",
  "outcome",
  "usage_source",
  "day",
  "hour",
] as const;
export type SpendGroup = (typeof SPEND_GROUPS)[number];

export interface LedgerQuery {
  /** Inclusive, ms since 1970. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly where: Partial<Record<LedgerFilter | "model", string | number | boolean | null>>;
}

export interface RecordsQuery extends LedgerQuery {
  /** 1–1000. */
  readonly limit: number;
  /** Return rows with `id` strictly below this one. */
  readonly beforeId: string | null;
}

export interface SpendQuery extends LedgerQuery {
  readonly groupBy: readonly SpendGroup[];
  /** IANA time zone for `day` (`2026-11-23`) and `hour` (`2026-11-23T14`). */
  readonly timeZone: string;
  /** 1–1000 groups, the costliest first. */
  readonly limit: number;
}

/** Sums over rows. `costPicoUsd` is everything; `estimatedCostPicoUsd` is the part from estimated usage. */
export interface SpendSums {
  readonly rows: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costPicoUsd: bigint;
  readonly estimatedCostPicoUsd: bigint;
  readonly estimatedRows: number;
  readonly unpricedRows: number;
  readonly savedInputTokens: number;
  readonly savedPicoUsd: bigint;
}

export interface SpendGroupRow extends SpendSums {
  readonly key: Partial<Record<SpendGroup, string | null>>;
}

export interface SpendReport {
  readonly totals: SpendSums;
  /** Empty without `groupBy`. */
  readonly groups: readonly SpendGroupRow[];
}

/** A change of price that `reprice` proposes or made. */
export interface RepriceChange {
  readonly id: string;
  readonly costPicoUsd: bigint | null;
  readonly priceVersion: string | null;
  readonly unpriced: boolean;
}

export interface LedgerStore {
  /**
   * Resolves once the row is committed; rejects if it could not be. Rows appended in the same turn of the event loop
   * share one commit. MUST be idempotent on `(traceId, attempt)`: the first row stays.
   * `responseId` (of the Responses API) is remembered for the row's key in the same commit.
   */
  append(row: LedgerRow, responseId?: string): Promise<void>;
  records(query: RecordsQuery): Promise<readonly LedgerRow[]>;
  spend(query: SpendQuery): Promise<SpendReport>;
  /** Rewrites cost columns, all in one transaction. For `reprice` only. */
  reprice(changes: readonly RepriceChange[]): Promise<void>;
  /** The provider that issued this response id through this key, or null. */
  responseProvider(responseId: string, keyId: string): Promise<string | null>;
  /** Throws if the ledger cannot be written right now. */
  checkWritable(): Promise<void>;
}

/** What of the metadata header fills in the user and team: nothing, or what the key leaves open. */
export type MetadataPolicy = "ignore" | "fill";

export interface ClientKey {
  /** `key_` and 16 base62 characters. */
  readonly id: string;
  /** Lower-case hex SHA-256 of the whole secret `ark_…`. */
  readonly secretHash: string;
  /** First 6 characters of the secret after `ark_`, for people to recognise it. */
  readonly display: string;
  /** Operator's label; identity pattern. */
  readonly name: string | null;
  readonly user: string | null;
  readonly team: string | null;
  /** Null: `ignore` where a user is bound, else `fill`. */
  readonly metadata: MetadataPolicy | null;
  /** The provider that may get the caller's own credential; null: none. */
  readonly passthrough: string | null;
  /** Models the key may use, as `provider/model`, `provider/*` or a bare name; null: all. */
  readonly models: readonly string[] | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
}

export interface KeyStore {
  /** Rejects with an `Error` if the id or hash exists. */
  create(key: ClientKey): Promise<void>;
  /** Oldest first. */
  list(): Promise<readonly ClientKey[]>;
  /** Revoked and expired keys are returned, too: the caller decides. */
  findByHash(secretHash: string): Promise<ClientKey | null>;
  /** False if there is no such key, or it is revoked already. */
  revoke(id: string, atMs: number): Promise<boolean>;
}

/** Users that a key without a bound user has claimed by header, to bound how many new ones it makes a day. */
export interface ClaimedUserStore {
  /** Every user this key has ever claimed, with the UTC day (`2026-11-23`) it was first seen. */
  list(keyId: string): Promise<readonly { readonly user: string; readonly day: string }[]>;
  /** Idempotent. */
  add(keyId: string, user: string, day: string): Promise<void>;
}

/** Prices that the operator put over the vendored data. Pico-dollars a token (a request for `requests`), as in `worker/pricing/`. */
export interface PriceOverride {
  readonly provider: string;
  readonly model: string;
  /** JSON of `ModelPrice`: closed keys, decimal strings. */
  readonly price: string;
  readonly version: string;
  readonly createdAtMs: number;
}

export interface PriceOverrideStore {
  list(): Promise<readonly PriceOverride[]>;
  /** Replaces the overrides of the same provider and model. */
  put(overrides: readonly PriceOverride[]): Promise<void>;
}

/** What is written down before an attempt is sent, so that a crash can still account for it. */
export interface OpenAttempt {
  readonly timeMs: number;
  readonly traceId: string;
  readonly attempt: number;
  readonly session: string | null;
  readonly user: string | null;
  readonly team: string | null;
  readonly attribution: string;
  readonly keyId: string;
  readonly credential: string;
  readonly endpoint: string;
  readonly dialect: string;
  readonly provider: string;
  readonly modelRequested: string | null;
  /** The model name sent upstream: what the crashed row is priced by. */
  readonly modelUpstream: string;
  readonly stream: boolean;
  /** Estimate from the request's size. */
  readonly inputTokens: number;
}

export interface AttemptJournal {
  /** One `write`, no sync; throws if it fails (disk full). Returns what `close` takes. */
  open(attempt: OpenAttempt): number;
  /** The attempt's row is committed. Never throws. */
  close(slot: number): void;
  /**
   * Attempts that earlier processes left open and that may lack a row. The caller appends rows for all of them (the ledger ignores
   * those that it has), then calls `done`, which deletes the old journals.
   */
  recover(): Promise<{ readonly attempts: readonly OpenAttempt[]; done(): Promise<void> }>;
}

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
  close(): void;
}

/** Sealed parts that are too large for a row. */
export interface ContentObjects {
  /** Resolves to the object's name once it is durable. @param day `2026-11-23` */
  put(day: string, bytes: Uint8Array): Promise<string>;
  /** Null if there is none of that name. */
  get(object: string): Promise<Uint8Array | null>;
  /** Rejects if nothing could be stored now. */
  probe(): Promise<void>;
  /** Deletes what was written before a time and is referred to by nobody; resolves to how many. */
  sweep(beforeMs: number, isReferenced: (object: string) => Promise<boolean>): Promise<number>;
}

export interface ContentCursor {
  readonly timeMs: number;
  readonly traceId: string;
  readonly field: string;
}

/** One entry of the audit log, sealed into the chain (`worker/audit/SPEC.md`). */
export interface AuditRecord {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  /** Canonical JSON. */
  readonly before: string | null;
  readonly after: string | null;
  /** Lower-case hex SHA-256. */
  readonly prevHash: string;
  readonly hash: string;
}

/** `seq` 0 and 64 zeros for an empty log. */
export type AuditHead = Pick<AuditRecord, "seq" | "hash">;

export interface AuditQuery {
  /** Inclusive, ms since 1970. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly where: Partial<Record<"actor" | "action" | "target", string>>;
  /** Entries below this one; null: from the newest on. */
  readonly beforeSeq: number | null;
  readonly limit: number;
}

export interface Setting {
  readonly name: string;
  /** JSON with names, numbers and closed words. */
  readonly value: string;
  /** 1, 2, 3 … */
  readonly version: number;
  readonly changedAtMs: number;
  readonly changedBy: string;
}

/** A new value for a setting. */
export interface SettingChange {
  readonly name: string;
  readonly value: string;
  /** The version that was read; 0: there was none. Null: whatever it was. */
  readonly expectedVersion: number | null;
}

/** The change was made by someone else meanwhile. */
export class VersionConflict extends Error {
  override readonly name = "VersionConflict";
}

export interface SettingStore {
  get(name: string): Promise<Setting | null>;
}

/** The audit log, and every change that belongs into it. */
export interface AuditStore {
  /**
   * In one transaction, one writer at a time: reads the head, has the entry made for it, stores it together with the settings.
   * Rejects, with nothing stored, if anything fails; with `VersionConflict` if a setting has another version.
   */
  append(
    make: (head: AuditHead) => AuditRecord,
    settings?: readonly SettingChange[],
  ): Promise<AuditRecord>;
  head(): Promise<AuditHead>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
}

/** All durable state of one gateway. */
export interface Store {
  readonly ledger: LedgerStore;
  readonly keys: KeyStore;
  readonly claimedUsers: ClaimedUserStore;
  readonly prices: PriceOverrideStore;
  readonly settings: SettingStore;
  readonly audit: AuditStore;
  readonly journal: AttemptJournal;
  /** Flushes what is pending and lets go of the data directory. */
  close(): Promise<void>;
}
