/**
 * The tables on SQLite. Content-free: every text column is an id, a closed list, or a bounded name; the CHECKs refuse prose
 * by themselves. `pg.ts` is its twin; a drift test holds the two together.
 */
import { sql } from "drizzle-orm";
import { check, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import {
  ENUMS,
  LEDGER_COUNTS,
  LEDGER_NAMES,
  LEDGER_OPTIONAL_COUNTS,
  METADATA_CHARACTERS,
  TOKENS_ADD_UP,
  isMetadata,
  isNoneOrOneOf,
  isOneOf,
} from "./bounds.ts";
import {
  count,
  flag,
  hasOnly,
  isHex,
  isJson,
  isWhole,
  money,
  names,
  noNul,
} from "./sqlite-columns.ts";

export * from "./sqlite-admin.ts";

// `Object.keys` forgets the names it was given.
const ENUM_COLUMNS = Object.keys(ENUMS) as (keyof typeof ENUMS)[];

const HEX = "[0-9a-f]";
const CALLER_IDS = `${HEX.repeat(32)}-${HEX.repeat(16)}`;
const isKept = (column: string) =>
  `${hasOnly(METADATA_CHARACTERS)(column)} and instr("${column}", char(0)) = 0`;
const isCallerSpan = `(("caller_span" glob '${CALLER_IDS}-link' or "caller_span" glob '${CALLER_IDS}-parent') and instr("caller_span", char(0)) = 0)`;

export const ledger = sqliteTable(
  "ledger",
  {
    id: text().notNull().unique(),
    timeMs: integer("time_ms").notNull(),
    traceId: text("trace_id").notNull(),
    attempt: count("attempt"),
    session: text(),
    user: text(),
    team: text(),
    attribution: text().notNull(),
    keyId: text("key_id").notNull(),
    credential: text().notNull(),
    endpoint: text().notNull(),
    dialect: text().notNull(),
    provider: text(),
    modelRequested: text("model_requested"),
    modelServed: text("model_served"),
    stream: flag("stream"),
    inputTokens: count("input_tokens"),
    cachedInputTokens: count("cached_input_tokens"),
    cacheWriteTokens: count("cache_write_tokens"),
    cacheWrite1hTokens: count("cache_write_1h_tokens"),
    outputTokens: count("output_tokens"),
    reasoningTokens: count("reasoning_tokens"),
    serviceTier: text("service_tier"),
    usageSource: text("usage_source").notNull(),
    costPicoUsd: money("cost_pico_usd"),
    priceVersion: text("price_version"),
    unpriced: flag("unpriced"),
    latencyMs: integer("latency_ms"),
    ttfbMs: integer("ttfb_ms"),
    status: integer(),
    upstreamStatus: integer("upstream_status"),
    outcome: text().notNull(),
    savedInputTokens: count("saved_input_tokens"),
    savedPicoUsd: money("saved_pico_usd").notNull(),
    finishReason: text("finish_reason"),
    contentMode: text("content_mode"),
    /** A span of the caller's: `<32 hex digits>-<16>-link`, or `-parent` where callers are trusted. */
    callerSpan: text("caller_span"),
    /** Names by key, as the operator wanted them kept. */
    metadata: text(),
  },
  (table) => [
    // Trace ids grow with time: rows lie in the order of their time, and a range of time is a range of this key.
    primaryKey({ columns: [table.traceId, table.attempt] }),
    check(
      "ledger_id",
      sql.raw(
        `length("id") = 36 and ${hasOnly("0-9a-f-")("id")} and length("trace_id") = 32 and ${isHex("trace_id")}`,
      ),
    ),
    check("ledger_enums", sql.raw(ENUM_COLUMNS.map(isOneOf).join(" and "))),
    check(
      "ledger_money",
      sql`("cost_pico_usd" is null or typeof("cost_pico_usd") = 'integer') and typeof("saved_pico_usd") = 'integer'`,
    ),
    check(
      "ledger_counts",
      sql.raw(
        [
          ...LEDGER_COUNTS.map(isWhole),
          ...LEDGER_OPTIONAL_COUNTS.map((column) => `("${column}" is null or ${isWhole(column)})`),
        ].join(" and "),
      ),
    ),
    check("ledger_tokens", sql.raw(TOKENS_ADD_UP)),
    check("ledger_finish_reason", sql.raw(isNoneOrOneOf("finish_reason"))),
    check("ledger_content_mode", sql.raw(isNoneOrOneOf("content_mode"))),
    check("ledger_caller_span", sql.raw(`("caller_span" is null or ${isCallerSpan})`)),
    check("ledger_metadata", sql.raw(isMetadata("metadata", isKept))),
    names("ledger", LEDGER_NAMES),
    noNul("ledger", ["id", "trace_id", ...LEDGER_NAMES]),
  ],
);

export const issuedResponse = sqliteTable(
  "issued_response",
  {
    responseId: text("response_id").notNull(),
    keyId: text("key_id").notNull(),
    provider: text().notNull(),
    timeMs: integer("time_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.responseId, table.keyId] }),
    names("issued_response", ["response_id", "key_id", "provider"]),
    noNul("issued_response", ["response_id", "key_id", "provider"]),
  ],
);

export const clientKey = sqliteTable(
  "client_key",
  {
    id: text().primaryKey(),
    secretHash: text("secret_hash").notNull().unique(),
    display: text().notNull(),
    name: text(),
    user: text(),
    team: text(),
    metadata: text(),
    passthrough: text(),
    /** JSON array of model patterns. */
    models: text(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms"),
    revokedAtMs: integer("revoked_at_ms"),
    description: text(),
    /** JSON array of endpoints. */
    endpoints: text(),
    /** Of the secret before the last rotation, and how long it counts. */
    previousHash: text("previous_hash").unique(),
    previousUntilMs: integer("previous_until_ms"),
  },
  () => [
    check("client_key_hash", sql.raw(`length("secret_hash") = 64 and ${isHex("secret_hash")}`)),
    check("client_key_metadata", sql`"metadata" is null or "metadata" in ('ignore','fill')`),
    check(
      "client_key_previous",
      sql.raw(
        `"previous_hash" is null or (length("previous_hash") = 64 and ${isHex("previous_hash")})`,
      ),
    ),
    check("client_key_endpoints", sql.raw(isJson("endpoints", 1_024))),
    check("client_key_models", sql.raw(isJson("models", 16_384))),
    names("client_key", ["id", "display", "name", "description", "user", "team", "passthrough"]),
    noNul("client_key", [
      "id",
      "secret_hash",
      "display",
      "name",
      "user",
      "team",
      "passthrough",
      "models",
      "description",
      "endpoints",
      "previous_hash",
    ]),
  ],
);

export const claimedUser = claimedNames("claimed_user", "user");
export const claimedTeam = claimedNames("claimed_team", "team");

/** What keys have brought into the ledger by header, and when first. */
function claimedNames(name: string, column: string) {
  return sqliteTable(
    name,
    {
      keyId: text("key_id").notNull(),
      name: text(column).notNull(),
      day: text().notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.keyId, table.name] }),
      check(`${name}_day`, sql.raw(`length("day") = 10 and ${hasOnly("0-9-")("day")}`)),
      names(name, ["key_id", column]),
      noNul(name, ["key_id", column, "day"]),
    ],
  );
}

export const priceOverride = sqliteTable(
  "price_override",
  {
    provider: text().notNull(),
    model: text().notNull(),
    /** JSON with closed keys and decimal strings. */
    price: text().notNull(),
    version: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.model] }),
    check("price_override_price", sql.raw(isJson("price", 16_384))),
    names("price_override", ["provider", "model", "version"]),
    noNul("price_override", ["provider", "model", "price", "version"]),
  ],
);

/** What is changed at run time: the privacy mode, and what else administrators set. */
export const setting = sqliteTable(
  "setting",
  {
    name: text().primaryKey(),
    /** A JSON document of ours. */
    value: text().notNull(),
    /** 1, 2, 3 …: who changes it names the one that was read. */
    version: count("version"),
    changedAtMs: integer("changed_at_ms").notNull(),
    changedBy: text("changed_by").notNull(),
  },
  () => [
    check("setting_value", sql.raw(isJson("value", 16_384))),
    names("setting", ["name", "changed_by"]),
    noNul("setting", ["name", "value", "changed_by"]),
  ],
);

/** The audit chain (`worker/audit/SPEC.md`). Triggers, in the migration, refuse UPDATE and DELETE. */
export const audit = sqliteTable(
  "audit",
  {
    seq: integer().primaryKey(),
    timeMs: integer("time_ms").notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    target: text().notNull(),
    /** Canonical JSON. */
    before: text(),
    after: text(),
    prevHash: text("prev_hash").notNull(),
    hash: text().notNull(),
  },
  () => [
    check("audit_before", sql.raw(isJson("before", 16_384))),
    check("audit_after", sql.raw(isJson("after", 16_384))),
    check("audit_prev_hash", sql.raw(`length("prev_hash") = 64 and ${isHex("prev_hash")}`)),
    check("audit_hash", sql.raw(`length("hash") = 64 and ${isHex("hash")}`)),
    names("audit", ["actor", "action", "target"]),
    noNul("audit", ["actor", "action", "target", "before", "after", "prev_hash", "hash"]),
  ],
);
