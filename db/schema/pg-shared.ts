/** Tables that only a database has which several gateways share: on SQLite one process holds the same in memory. */
import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { hasOnly, isHex, money, names } from "./pg-columns.ts";

/** What requests under way may cost. A row counts until `expires_at_ms`, which its gateway moves on as long as it lives. */
export const capReservation = pgTable(
  "cap_reservation",
  {
    traceId: text("trace_id").notNull(),
    capId: text("cap_id").notNull(),
    subject: text().notNull(),
    windowStartMs: bigint("window_start_ms", { mode: "number" }).notNull(),
    amount: money("amount").notNull(),
    /** The gateway: a random id a data directory. */
    owner: text().notNull(),
    /** By the database's clock. */
    expiresAtMs: bigint("expires_at_ms", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.traceId, table.capId] }),
    index("cap_reservation_window").on(table.capId, table.subject, table.windowStartMs),
    check("cap_reservation_trace", sql.raw(`length("trace_id") = 32 and ${isHex("trace_id")}`)),
    check("cap_reservation_owner", sql.raw(`length("owner") = 32 and ${isHex("owner")}`)),
    names("cap_reservation", ["cap_id", "subject"]),
  ],
);

/** Which thresholds somebody was told of: of several gateways one tells it. */
export const capNotice = pgTable(
  "cap_notice",
  {
    capId: text("cap_id").notNull(),
    subject: text().notNull(),
    windowStartMs: bigint("window_start_ms", { mode: "number" }).notNull(),
    kind: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.capId, table.subject, table.windowStartMs, table.kind] }),
    check("cap_notice_kind", sql.raw(`length("kind") <= 32 and ${hasOnly("a-z.")("kind")}`)),
    names("cap_notice", ["cap_id", "subject"]),
  ],
);

/** One row: counts the changes of what administrators set. Triggers, in the migration, move it on and notify. */
export const revision = pgTable("revision", {
  one: integer().primaryKey(),
  version: bigint({ mode: "number" }).notNull(),
});
