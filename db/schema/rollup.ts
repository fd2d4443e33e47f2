/**
 * The tables of `rollup.sqlite`: the ledger's sums by day and by hour, and by who and what. Made of the ledger, and made anew wherever it
 * is missing: nothing is lost with it.
 */
import { sql } from "drizzle-orm";
import {
  blob,
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { areNames, NAME_CHARACTERS } from "./bounds.ts";
import { hasOnly, isHex, isWhole } from "./sqlite-columns.ts";

/** The columns of the ledger that sums are kept apart by. */
export const ROLLUP_DIMENSIONS = [
  "user",
  "team",
  "key_id",
  "credential",
  "provider",
  "model_requested",
  "model_served",
  "endpoint",
  "dialect",
  "outcome",
  "usage_source",
] as const;
export type RollupDimension = (typeof ROLLUP_DIMENSIONS)[number];

/** How long a slot of time is that sums are of, in UTC. */
export const ROLLUP_UNITS = ["day", "hour"] as const;
export type RollupUnit = (typeof ROLLUP_UNITS)[number];

/** Empty: the rows that have none. */
const name = (column: RollupDimension) => text(column).notNull();

/** Each combination of them that there is, once. */
export const spendWho = sqliteTable(
  "spend_who",
  {
    /** Never used again for another. */
    id: integer().primaryKey({ autoIncrement: true }),
    user: name("user"),
    team: name("team"),
    keyId: name("key_id"),
    credential: name("credential"),
    provider: name("provider"),
    modelRequested: name("model_requested"),
    modelServed: name("model_served"),
    endpoint: name("endpoint"),
    dialect: name("dialect"),
    outcome: name("outcome"),
    usageSource: name("usage_source"),
    /** The newest day that it has a sum in. */
    lastDay: integer("last_day").notNull(),
  },
  (table) => [
    uniqueIndex("spend_who_all").on(
      table.user,
      table.team,
      table.keyId,
      table.credential,
      table.provider,
      table.modelRequested,
      table.modelServed,
      table.endpoint,
      table.dialect,
      table.outcome,
      table.usageSource,
    ),
    index("spend_who_last").on(table.lastDay),
    check("spend_who_names", sql.raw(areNames(ROLLUP_DIMENSIONS, hasOnly(NAME_CHARACTERS)))),
    check("spend_who_numbers", sql.raw(isWhole("last_day"))),
  ],
);

/** Sums of one slot, many together: numbers alone (`sqlite/cells.ts`). Several for a slot, until they are put together. */
export const spendCells = sqliteTable(
  "spend_cells",
  {
    unit: text({ enum: ROLLUP_UNITS }).notNull(),
    /** Units since 1970, UTC. */
    slot: integer().notNull(),
    /** 0: as they were summed up; 1: made of several of 0; and so on. */
    level: integer().notNull(),
    part: integer().notNull(),
    /** When the newest request among them was accepted, ms since 1970. */
    lastMs: integer("last_ms").notNull(),
    /** Between these two lie their rows in the ledger. */
    firstTraceId: text("first_trace_id").notNull(),
    lastTraceId: text("last_trace_id").notNull(),
    cells: blob({ mode: "buffer" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.unit, table.slot, table.level, table.part] }),
    check("spend_cells_unit", sql.raw(`"unit" in ('${ROLLUP_UNITS.join("', '")}')`)),
    check(
      "spend_cells_numbers",
      sql.raw(["slot", "level", "part", "last_ms"].map(isWhole).join(" and ")),
    ),
    check(
      "spend_cells_traces",
      sql.raw(["first_trace_id", "last_trace_id"].map(isHex).join(" and ")),
    ),
    check("spend_cells_cells", sql.raw(`typeof("cells") = 'blob'`)),
  ],
);

/** One row: how far the ledger was summed up. */
export const rollupState = sqliteTable(
  "rollup_state",
  {
    one: integer().primaryKey(),
    /** Of the last ledger row. */
    rowId: text("row_id").notNull(),
    /** Of the ledger: rows that were there were changed since another one. */
    epoch: integer().notNull(),
    /** The first hour that has sums of its own, in hours since 1970: older ones are in their days alone. */
    hoursSince: integer("hours_since").notNull(),
  },
  () => [
    check("rollup_state_one", sql.raw(`"one" = 1`)),
    check("rollup_state_row", sql.raw(`"row_id" not glob '*[^0-9a-f-]*'`)),
    check("rollup_state_hours", sql.raw(isWhole("hours_since"))),
  ],
);
