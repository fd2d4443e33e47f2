/** The tables of administration on SQLite: invites, caps and limits, accounts and tokens. `pg-admin.ts` is its twin. */
import { sql } from "drizzle-orm";
import { check, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { isAdminOneOf } from "./bounds.ts";
import {
  areNumbers,
  count,
  hasOnly,
  isHex,
  isJson,
  money,
  names,
  noNul,
} from "./sqlite-columns.ts";

/** A link that is redeemed once for a client key; the key's members are those of `clientKey`. */
export const invite = sqliteTable(
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
    keyExpiresAtMs: integer("key_expires_at_ms"),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    redeemedAtMs: integer("redeemed_at_ms"),
    revokedAtMs: integer("revoked_at_ms"),
    /** The key that it was redeemed for. */
    keyId: text("key_id"),
  },
  () => [
    check("invite_hash", sql.raw(`length("secret_hash") = 64 and ${isHex("secret_hash")}`)),
    check("invite_metadata", sql`"metadata" is null or "metadata" in ('ignore','fill')`),
    check("invite_models", sql.raw(isJson("models", 16_384))),
    check("invite_endpoints", sql.raw(isJson("endpoints", 1_024))),
    names("invite", ["id", "name", "description", "user", "team", "passthrough", "key_id"]),
    areNumbers(
      "invite",
      ["created_at_ms", "expires_at_ms"],
      ["key_expires_at_ms", "redeemed_at_ms", "revoked_at_ms"],
    ),
    noNul("invite", [
      "id",
      "secret_hash",
      "name",
      "description",
      "user",
      "team",
      "passthrough",
      "models",
      "endpoints",
      "key_id",
    ]),
  ],
);

/** What may be spent: by whom, of what, in which window. */
export const cap = sqliteTable(
  "cap",
  {
    id: text().primaryKey(),
    scope: text().notNull(),
    /** A user, a team, a key's id; empty: each of them apart, or the whole organisation. */
    scopeId: text("scope_id"),
    unit: text().notNull(),
    /** Pico-dollars, or tokens. */
    amount: money("amount").notNull(),
    window: text().notNull(),
    timeZone: text("time_zone").notNull(),
    mode: text().notNull(),
    /** Where a warning is due. */
    warnPercent: integer("warn_percent"),
    createdAtMs: integer("created_at_ms").notNull(),
    version: count("version"),
  },
  () => [
    check(
      "cap_enums",
      sql.raw((["scope", "unit", "window", "mode"] as const).map(isAdminOneOf).join(" and ")),
    ),
    names("cap", ["id", "scope_id", "time_zone"]),
    areNumbers("cap", ["amount", "created_at_ms", "version"], ["warn_percent"]),
    noNul("cap", ["id", "scope_id", "time_zone"]),
  ],
);

/** What was spent under a cap in a window, by whom: kept with the ledger's rows, in their transactions. */
export const capUsage = sqliteTable(
  "cap_usage",
  {
    capId: text("cap_id").notNull(),
    /** The user, team or key; empty for the whole organisation. */
    subject: text().notNull(),
    windowStartMs: integer("window_start_ms").notNull(),
    used: money("used").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.capId, table.subject, table.windowStartMs] }),
    names("cap_usage", ["cap_id", "subject"]),
    areNumbers("cap_usage", ["window_start_ms", "used"], []),
    noNul("cap_usage", ["cap_id", "subject"]),
  ],
);

/** How fast: requests and tokens a minute, and requests at once. */
export const rateLimit = sqliteTable(
  "rate_limit",
  {
    id: text().primaryKey(),
    scope: text().notNull(),
    /** As a cap's. */
    scopeId: text("scope_id"),
    requestsPerMinute: integer("requests_per_minute"),
    tokensPerMinute: integer("tokens_per_minute"),
    concurrent: integer("concurrent"),
    createdAtMs: integer("created_at_ms").notNull(),
    version: count("version"),
  },
  () => [
    check("rate_limit_scope", sql.raw(isAdminOneOf("scope"))),
    names("rate_limit", ["id", "scope_id"]),
    areNumbers(
      "rate_limit",
      ["created_at_ms", "version"],
      ["requests_per_minute", "tokens_per_minute", "concurrent"],
    ),
    noNul("rate_limit", ["id", "scope_id"]),
  ],
);

/** Who signs in to the console by name. */
export const adminAccount = sqliteTable(
  "admin_account",
  {
    name: text().primaryKey(),
    role: text().notNull(),
    /** Argon2id, in its standard text form. */
    passwordHash: text("password_hash").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    disabledAtMs: integer("disabled_at_ms"),
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
    areNumbers("admin_account", ["created_at_ms"], ["disabled_at_ms"]),
    noNul("admin_account", ["name", "password_hash"]),
  ],
);

/** Sign-ins (`ans_…`) and keys for programs (`aak_…`), by the hash of their secret. */
export const adminToken = sqliteTable(
  "admin_token",
  {
    id: text().primaryKey(),
    secretHash: text("secret_hash").notNull().unique(),
    /** `session` or `key`. */
    kind: text().notNull(),
    /** The account, or the key's label; empty for a sign-in by the admin token. */
    name: text(),
    role: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms"),
    endedAtMs: integer("ended_at_ms"),
  },
  () => [
    check("admin_token_hash", sql.raw(`length("secret_hash") = 64 and ${isHex("secret_hash")}`)),
    check("admin_token_kind", sql.raw(`"kind" = 'session' or "kind" = 'key'`)),
    check("admin_token_role", sql.raw(isAdminOneOf("role"))),
    names("admin_token", ["id", "name"]),
    areNumbers("admin_token", ["created_at_ms"], ["expires_at_ms", "ended_at_ms"]),
    noNul("admin_token", ["id", "secret_hash", "name"]),
  ],
);
