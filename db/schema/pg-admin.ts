/** The tables of administration on Postgres: the twin of `sqlite-admin.ts`, where they are explained. */
import { sql } from "drizzle-orm";
import { bigint, check, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { isAdminOneOf } from "./bounds.ts";
import { count, hasOnly, isHex, isJson, money, names } from "./pg-columns.ts";

export const invite = pgTable(
  "invite",
  {
    id: text().primaryKey(),
    secretHash: text("secret_hash").notNull().unique(),
    name: text(),
    description: text(),
    user: text(),
    team: text(),
    metadata: text(),
    passthrough: text(),
    models: text(),
    endpoints: text(),
    keyExpiresAtMs: bigint("key_expires_at_ms", { mode: "number" }),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
    expiresAtMs: bigint("expires_at_ms", { mode: "number" }).notNull(),
    redeemedAtMs: bigint("redeemed_at_ms", { mode: "number" }),
    revokedAtMs: bigint("revoked_at_ms", { mode: "number" }),
    keyId: text("key_id"),
  },
  () => [
    check("invite_hash", sql.raw(`length("secret_hash") = 64 and ${isHex("secret_hash")}`)),
    check("invite_metadata", sql`"metadata" is null or "metadata" in ('ignore','fill')`),
    check("invite_models", sql.raw(isJson("models", 16_384))),
    check("invite_endpoints", sql.raw(isJson("endpoints", 1_024))),
    names("invite", ["id", "name", "description", "user", "team", "passthrough", "key_id"]),
  ],
);

export const cap = pgTable(
  "cap",
  {
    id: text().primaryKey(),
    scope: text().notNull(),
    /** A user, a team, a key's id; empty: each of them apart, or the whole organisation. */
    scopeId: text("scope_id"),
    unit: text().notNull(),
    amount: money("amount").notNull(),
    window: text().notNull(),
    timeZone: text("time_zone").notNull(),
    mode: text().notNull(),
    warnPercent: integer("warn_percent"),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
    version: count("version"),
  },
  () => [
    check(
      "cap_enums",
      sql.raw((["scope", "unit", "window", "mode"] as const).map(isAdminOneOf).join(" and ")),
    ),
    names("cap", ["id", "scope_id", "time_zone"]),
  ],
);

export const capUsage = pgTable(
  "cap_usage",
  {
    capId: text("cap_id").notNull(),
    subject: text().notNull(),
    windowStartMs: bigint("window_start_ms", { mode: "number" }).notNull(),
    used: money("used").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.capId, table.subject, table.windowStartMs] }),
    names("cap_usage", ["cap_id", "subject"]),
  ],
);

export const rateLimit = pgTable(
  "rate_limit",
  {
    id: text().primaryKey(),
    scope: text().notNull(),
    scopeId: text("scope_id"),
    requestsPerMinute: integer("requests_per_minute"),
    tokensPerMinute: integer("tokens_per_minute"),
    concurrent: integer("concurrent"),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
    version: count("version"),
  },
  () => [
    check("rate_limit_scope", sql.raw(isAdminOneOf("scope"))),
    names("rate_limit", ["id", "scope_id"]),
  ],
);

export const adminAccount = pgTable(
  "admin_account",
  {
    name: text().primaryKey(),
    role: text().notNull(),
    passwordHash: text("password_hash").notNull(),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
    disabledAtMs: bigint("disabled_at_ms", { mode: "number" }),
  },
  () => [
    check("admin_account_role", sql.raw(isAdminOneOf("role"))),
    check(
      "admin_account_password",
      sql.raw(
        `length("password_hash") <= 256 and "password_hash" like '$argon2id$%' and ${hasOnly("]A-Za-z0-9+/=$,v-")("password_hash")}`,
      ),
    ),
    names("admin_account", ["name"]),
  ],
);

export const adminToken = pgTable(
  "admin_token",
  {
    id: text().primaryKey(),
    secretHash: text("secret_hash").notNull().unique(),
    kind: text().notNull(),
    name: text(),
    role: text().notNull(),
    createdAtMs: bigint("created_at_ms", { mode: "number" }).notNull(),
    expiresAtMs: bigint("expires_at_ms", { mode: "number" }),
    endedAtMs: bigint("ended_at_ms", { mode: "number" }),
  },
  () => [
    check("admin_token_hash", sql.raw(`length("secret_hash") = 64 and ${isHex("secret_hash")}`)),
    check("admin_token_kind", sql.raw(`"kind" = 'session' or "kind" = 'key'`)),
    check("admin_token_role", sql.raw(isAdminOneOf("role"))),
    names("admin_token", ["id", "name"]),
  ],
);
