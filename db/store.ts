/**
 * The ports to durable state, and the records that pass through them. Types, but for an error that ports share: what opens a
 * real store is `db/open.ts`.
 *
 * Every port is asynchronous, so that SQLite and Postgres fit behind it. Nothing here has a place for free text: every
 * string is an id of ours, a closed enum, or matches the identity pattern; a schema test holds the tables to that.
 */

import type { AdminStore, CapCharge } from "./store-admin.ts";
import type { AuditStore, SettingStore } from "./store-audit.ts";
import type { ContentReader } from "./store-content.ts";
import type { SharedDatabase } from "./store-shared.ts";

export * from "./store-admin.ts";
export * from "./store-audit.ts";
export * from "./store-content.ts";
export * from "./store-shared.ts";
export type * from "./store-traces.ts";

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
  /** Why the model stopped: a closed list; null where it is not known. */
  readonly finishReason: string | null;
  /** Whether its content was to be kept; null for rows of a gateway that did not say. */
  readonly contentMode: string | null;
  /** What `worker/traces/caller-span.ts` made of the caller's `traceparent`; null without one. */
  readonly callerSpan: string | null;
  /** Names by key that the operator wanted kept: JSON with sorted keys, `{"project":"apollo"}`; null: none. */
  readonly metadata: string | null;
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

/** The value of one key of a row's metadata. The key MUST be letters, digits, `_` and `-`. */
export type MetadataValue = `metadata.${string}`;

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
export type SpendGroup = (typeof SPEND_GROUPS)[number] | MetadataValue;

export interface LedgerQuery {
  /** Inclusive, ms since 1970. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly where: Partial<
    Record<LedgerFilter | "model" | MetadataValue, string | number | boolean | null>
  >;
  /** Rows that took, or cost, at least as much. */
  readonly atLeast?: { readonly latencyMs?: number; readonly costPicoUsd?: bigint };
  /** Rows that end a request: no attempt that another one followed. One a trace. */
  readonly endsRequest?: true;
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
  /** When its newest request was accepted, ms since 1970. */
  readonly lastMs: number;
  readonly key: Partial<Record<SpendGroup, string | null>>;
}

export interface SpendReport {
  readonly totals: SpendSums;
  /** Empty without `groupBy`. */
  readonly groups: readonly SpendGroupRow[];
}

export interface SessionsQuery extends Pick<LedgerQuery, "fromMs" | "toMs"> {
  /** 1–1000. */
  readonly limit: number;
  /** The last of the page before: what comes behind it is asked for. */
  readonly before: Pick<SessionRow, "lastMs" | "session"> | null;
}

/** The requests of one session within a range. */
export interface SessionRow extends SpendSums {
  /** Null: those without one. */
  readonly session: string | null;
  /** When its newest request was accepted, ms since 1970. */
  readonly lastMs: number;
}

/** A change of price that `reprice` proposes or made. */
export interface RepriceChange {
  readonly id: string;
  readonly costPicoUsd: bigint | null;
  readonly priceVersion: string | null;
  readonly unpriced: boolean;
}

/** What a provider made for a key: stored responses, files, batches. */
export interface IssuedIds {
  readonly ids: readonly string[];
  readonly keyId: string;
  readonly provider: string;
  readonly timeMs: number;
}

export interface LedgerStore {
  /**
   * Resolves once the row is committed; rejects if it could not be. Rows appended in the same turn of the event loop
   * share one commit. MUST be idempotent on `(traceId, attempt)`: the first row stays.
   * `responseId` (of the Responses API) is remembered for the row's key, and `charges` are added to what was used under caps, in
   * the same commit, and only with a row that is new.
   */
  append(row: LedgerRow, responseId?: string, charges?: readonly CapCharge[]): Promise<void>;
  records(query: RecordsQuery): Promise<readonly LedgerRow[]>;
  spend(query: SpendQuery): Promise<SpendReport>;
  /** By their newest request, the newest first; of those at the same time by name, descending, null last. */
  sessions(query: SessionsQuery): Promise<readonly SessionRow[]>;
  /** Of the rows that this gateway appended, if it keeps them apart from others'; null for an empty ledger. */
  newestId(): Promise<string | null>;
  /** Rewrites cost columns, all in one transaction. For `reprice` only. */
  reprice(changes: readonly RepriceChange[]): Promise<void>;
  /** The provider that issued this response, file or batch through this key, or null. */
  responseProvider(responseId: string, keyId: string): Promise<string | null>;
  /** Remembers ids for a key: resolves once they are committed. Idempotent: the first provider of an id stays. */
  issue(issued: IssuedIds): Promise<void>;
  /** Deletes the oldest rows from before a time, and what was remembered with them; resolves to how many rows. */
  expire(beforeMs: number, limit: number): Promise<number>;
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
  /** A second label: names, not prose. */
  readonly description: string | null;
  /** Endpoints that the key may use; null: all. */
  readonly endpoints: readonly string[] | null;
  /** Hash of the secret before the last rotation, which still counts for a while. */
  readonly previousHash: string | null;
  readonly previousUntilMs: number | null;
}

export interface KeyStore {
  /** Rejects with an `Error` if the id or hash exists. */
  create(key: ClientKey): Promise<void>;
  /** Oldest first. */
  list(): Promise<readonly ClientKey[]>;
  find(id: string): Promise<ClientKey | null>;
  /** By its secret, or the one before. Revoked and expired keys are returned, too: the caller decides. */
  findByHash(secretHash: string): Promise<ClientKey | null>;
  /** False if there is no such key, or it is revoked already. */
  revoke(id: string, atMs: number): Promise<boolean>;
}

/** Users, or teams, that a key without a bound one has claimed by header, to bound how many new ones it makes a day. */
export interface ClaimedNameStore {
  /** Every name this key has ever claimed, with the UTC day (`2026-11-23`) it was first seen. */
  list(keyId: string): Promise<readonly { readonly name: string; readonly day: string }[]>;
  /** Idempotent. */
  add(keyId: string, name: string, day: string): Promise<void>;
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
  readonly contentMode: string | null;
  readonly callerSpan: string | null;
  readonly metadata: string | null;
}

export interface AttemptJournal {
  /** One `write`, no sync; throws if it fails (disk full). Returns what `close` takes. */
  open(attempt: OpenAttempt): number;
  /** The attempt's row is committed. Never throws. */
  close(slot: number): void;
  /** Attempts that are open. */
  openCount(): number;
  /**
   * Attempts that earlier processes left open and that may lack a row. The caller appends rows for all of them (the ledger ignores
   * those that it has), then calls `done`, which deletes the old journals.
   */
  recover(): Promise<{ readonly attempts: readonly OpenAttempt[]; done(): Promise<void> }>;
}

/** All durable state of one gateway. */
export interface Store {
  readonly ledger: LedgerStore;
  readonly keys: KeyStore;
  readonly claimedUsers: ClaimedNameStore;
  readonly claimedTeams: ClaimedNameStore;
  readonly prices: PriceOverrideStore;
  readonly settings: SettingStore;
  readonly audit: AuditStore;
  readonly admin: AdminStore;
  /** Written by the sealing thread alone; here it is read. */
  readonly content: ContentReader;
  readonly journal: AttemptJournal;
  /** Null: this gateway has its database for itself. */
  readonly shared: SharedDatabase | null;
  /** Flushes what is pending and lets go of the data directory. */
  close(): Promise<void>;
}
