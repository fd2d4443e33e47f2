/** The tables of `shipping.sqlite`: how far the ledger's rows have been brought to Postgres, and what goes with those that wait. */
import { sql } from "drizzle-orm";
import { check, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { isHex, money, names, noNul } from "./sqlite-columns.ts";

/** One row: by which this data directory's gateway is known among the others. */
export const gateway = sqliteTable(
  "gateway",
  {
    one: integer().primaryKey(),
    id: text().notNull(),
  },
  () => [
    check("gateway_one", sql.raw(`"one" = 1`)),
    check("gateway_id", sql.raw(`length("id") = 32 and ${isHex("id")}`)),
    noNul("gateway", ["id"]),
  ],
);

/** One row: the last ledger row that is there. */
export const shipped = sqliteTable(
  "shipped",
  {
    one: integer().primaryKey(),
    rowId: text("row_id").notNull(),
  },
  () => [
    check("shipped_one", sql.raw(`"one" = 1`)),
    check("shipped_row", sql.raw(`"row_id" = '' or "row_id" not glob '*[^0-9a-f-]*'`)),
  ],
);

/** The response that a waiting row issued. */
export const waitingResponse = sqliteTable(
  "waiting_response",
  {
    traceId: text("trace_id").notNull(),
    attempt: integer().notNull(),
    responseId: text("response_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.traceId, table.attempt] }),
    check("waiting_response_trace", sql.raw(`length("trace_id") = 32 and ${isHex("trace_id")}`)),
    names("waiting_response", ["response_id"]),
    noNul("waiting_response", ["trace_id", "response_id"]),
  ],
);

/** What a waiting row adds to caps. */
export const waitingCharge = sqliteTable(
  "waiting_charge",
  {
    traceId: text("trace_id").notNull(),
    attempt: integer().notNull(),
    capId: text("cap_id").notNull(),
    subject: text().notNull(),
    windowStartMs: integer("window_start_ms").notNull(),
    amount: money("amount").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.traceId, table.attempt, table.capId] }),
    check("waiting_charge_trace", sql.raw(`length("trace_id") = 32 and ${isHex("trace_id")}`)),
    check("waiting_charge_amount", sql.raw(`typeof("amount") = 'integer'`)),
    names("waiting_charge", ["cap_id", "subject"]),
    noNul("waiting_charge", ["trace_id", "cap_id", "subject"]),
  ],
);

/** Rows that Postgres refused for good: they stay in the local ledger, and are named here. */
export const refusedRow = sqliteTable(
  "refused_row",
  {
    rowId: text("row_id").primaryKey(),
    traceId: text("trace_id").notNull(),
    timeMs: integer("time_ms").notNull(),
  },
  () => [
    check("refused_row_row", sql.raw(`"row_id" not glob '*[^0-9a-f-]*'`)),
    check(
      "refused_row_trace",
      sql.raw(`length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*'`),
    ),
  ],
);
