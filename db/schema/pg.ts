/** The tables on Postgres: the twin of `sqlite.ts`, where the columns are explained. */
import { sql } from "drizzle-orm";
import { bigint, check, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import {
  ENUMS,
  LEDGER_NAMES,
  METADATA_CHARACTERS,
  TOKENS_ADD_UP,
  isMetadata,
  isNoneOrOneOf,
  isOneOf,
} from "./bounds.ts";
import { count, flag, hasOnly, isHex, isJson, money, names } from "./pg-columns.ts";

export * from "./pg-admin.ts";

// `Object.keys` forgets the names it was given.
const ENUM_COLUMNS = Object.keys(ENUMS) as (keyof typeof ENUMS)[];

const isCallerSpan = `"caller_span" ~ '^[0-9a-f]{32}-[0-9a-f]{16}-(link|parent)$'`;

export const ledger = pgTable(
  "ledger",
  {
    id: text().notNull().unique(),
    timeMs: bigint("time_ms", { mode: "number" }).notNull(),
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
    latencyMs: bigint("latency_ms", { mode: "number" }),
    ttfbMs: bigint("ttfb_ms", { mode: "number" }),
    status: integer(),
    upstreamStatus: integer("upstream_status"),
    outcome: text().notNull(),
    savedInputTokens: count("saved_input_tokens"),
    savedPicoUsd: money("saved_pico_usd").notNull(),
    finishReason: text("finish_reason"),
    contentMode: text("content_mode"),
    callerSpan: text("caller_span"),
    metadata: text(),
  },
  (table) => [
    primaryKey({ columns: [table.traceId, table.attempt] }),
    check(
      "ledger_id",
      sql.raw(
        `length("id") = 36 and ${hasOnly("0-9a-f-")("id")} and length("trace_id") = 32 and ${isHex("trace_id")}`,
      ),
    ),
    check("ledger_enums", sql.raw(ENUM_COLUMNS.map(isOneOf).join(" and "))),
    check("ledger_tokens", sql.raw(TOKENS_ADD_UP)),
    check("ledger_finish_reason", sql.raw(isNoneOrOneOf("finish_reason"))),
    check("ledger_content_mode", sql.raw(isNoneOrOneOf("content_mode"))),
    check("ledger_caller_span", sql.raw(`("caller_span" is null or ${isCallerSpan})`)),
    check("ledger_metadata", sql.raw(isMetadata("metadata", hasOnly(METADATA_CHARACTERS)))),
    names("ledger", LEDGER_NAMES),
  ],
);

export const issuedResponse = pgTable(
  "issued_response",
  {
    responseId: text("response_id").notNull(),
    keyId: text("key_id").notNull(),
    provider: text().notNull(),
    timeMs: bigint("time_ms", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.responseId, table.keyId] }),
    names("issued_response", ["response_id", "key_id", "provider"]),
  ],
);

export const clientKey = pgTable(
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
    models: text(),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
    expiresAtMs: bigint("expires_at_ms", { mode: "number" }),
    revokedAtMs: bigint("revoked_at_ms", { mode: "number" }),
    description: text(),
    endpoints: text(),
    previousHash: text("previous_hash").unique(),
    previousUntilMs: bigint("previous_until_ms", { mode: "number" }),
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
  ],
);

export const claimedUser = claimedNames("claimed_user", "user");
export const claimedTeam = claimedNames("claimed_team", "team");

function claimedNames(name: string, column: string) {
  return pgTable(
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
    ],
  );
}

export const priceOverride = pgTable(
  "price_override",
  {
    provider: text().notNull(),
    model: text().notNull(),
    price: text().notNull(),
    version: text().notNull(),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.model] }),
    check("price_override_price", sql.raw(isJson("price", 16_384))),
    names("price_override", ["provider", "model", "version"]),
  ],
);

export const setting = pgTable(
  "setting",
  {
    name: text().primaryKey(),
    value: text().notNull(),
    version: count("version"),
    changedAtMs: bigint("changed_at_ms", { mode: "number" }).notNull(),
    changedBy: text("changed_by").notNull(),
  },
  () => [
    check("setting_value", sql.raw(isJson("value", 16_384))),
    names("setting", ["name", "changed_by"]),
  ],
);

export const audit = pgTable(
  "audit",
  {
    seq: bigint({ mode: "number" }).primaryKey(),
    timeMs: bigint("time_ms", { mode: "number" }).notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    target: text().notNull(),
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
  ],
);
