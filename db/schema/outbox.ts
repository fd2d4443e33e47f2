/** The tables of `outbox.sqlite`: how far the spans of the ledger's rows have been handed over, and which were refused for good. */
import { sql } from "drizzle-orm";
import { check, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row: the last ledger row whose spans were taken. */
export const handedOver = sqliteTable(
  "handed_over",
  {
    one: integer().primaryKey(),
    rowId: text("row_id").notNull(),
  },
  () => [
    check("handed_over_one", sql.raw(`"one" = 1`)),
    check("handed_over_row", sql.raw(`"row_id" = '' or "row_id" not glob '*[^0-9a-f-]*'`)),
  ],
);

/** Rows whose spans the other side refused for good. */
export const setAside = sqliteTable(
  "set_aside",
  {
    rowId: text("row_id").primaryKey(),
    traceId: text("trace_id").notNull(),
    /** HTTP status of the refusal. */
    status: integer().notNull(),
    timeMs: integer("time_ms").notNull(),
  },
  () => [
    check("set_aside_row", sql.raw(`"row_id" not glob '*[^0-9a-f-]*'`)),
    check(
      "set_aside_trace",
      sql.raw(`length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*'`),
    ),
  ],
);
