/** The tables on Postgres: the twin of `sqlite.ts`, where the columns are explained. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  integer,
  numeric,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import { isName, isOneOf } from "./bounds.ts";

const count = (name: string) => bigint(name, { mode: "number" }).notNull();
const flag = (name: string) => boolean(name).notNull();
const money = (name: string) => numeric(name, { mode: "bigint", precision: 38, scale: 0 });

/** A name is short, and has at most three spaces: prose does not fit. */
function names(table: string, columns: readonly string[]) {
  return check(`${table}_names`, sql.raw(columns.map(isName).join(" and ")));
}

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
  },
  (table) => [
    primaryKey({ columns: [table.traceId, table.attempt] }),
    check("ledger_id", sql`length("id") = 36 and length("trace_id") = 32`),
    check(
      "ledger_enums",
      sql.raw(
        (["attribution", "credential", "endpoint", "dialect", "usage_source", "outcome"] as const)
          .map(isOneOf)
          .join(" and "),
      ),
    ),
    check(
      "ledger_tokens",
      sql`"input_tokens" >= "cached_input_tokens" + "cache_write_tokens" and "cached_input_tokens" >= 0 and "cache_write_tokens" >= "cache_write_1h_tokens" and "cache_write_1h_tokens" >= 0 and "output_tokens" >= "reasoning_tokens" and "reasoning_tokens" >= 0`,
    ),
    names("ledger", [
      "session",
      "user",
      "team",
      "key_id",
      "provider",
      "model_requested",
      "model_served",
      "service_tier",
      "price_version",
    ]),
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
  },
  () => [
    check("client_key_hash", sql`length("secret_hash") = 64`),
    check("client_key_metadata", sql`"metadata" is null or "metadata" in ('ignore','fill')`),
    names("client_key", ["id", "display", "name", "user", "team", "passthrough"]),
  ],
);

export const claimedUser = pgTable(
  "claimed_user",
  {
    keyId: text("key_id").notNull(),
    user: text().notNull(),
    day: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.keyId, table.user] }),
    check("claimed_user_day", sql`length("day") = 10`),
    names("claimed_user", ["key_id", "user"]),
  ],
);

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
    names("price_override", ["provider", "model", "version"]),
  ],
);
