/**
 * The tables of `rollup.sqlite`: the ledger's sums by day, for questions about months. Made of the ledger, and made anew wherever it is
 * missing: nothing is lost with it.
 */
import { sql } from "drizzle-orm";
import { check, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { areNames, NAME_CHARACTERS } from "./bounds.ts";
import { hasOnly, isWhole } from "./sqlite-columns.ts";

/** What sums are kept by, each apart; the empty one: of all rows. */
export const ROLLUP_DIMENSIONS = [
  "",
  "user",
  "team",
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
] as const;
export type RollupDimension = (typeof ROLLUP_DIMENSIONS)[number];

const sum = (name: string) => integer(name).notNull();

/** Money in two halves, `high × 10^9 + low`, as sums of the ledger are. */
const SUM_COLUMNS = {
  rows: sum("rows"),
  inputTokens: sum("input_tokens"),
  cachedInputTokens: sum("cached_input_tokens"),
  cacheWriteTokens: sum("cache_write_tokens"),
  outputTokens: sum("output_tokens"),
  reasoningTokens: sum("reasoning_tokens"),
  costHigh: sum("cost_high"),
  costLow: sum("cost_low"),
  estimatedHigh: sum("estimated_high"),
  estimatedLow: sum("estimated_low"),
  estimatedRows: sum("estimated_rows"),
  unpricedRows: sum("unpriced_rows"),
  savedInputTokens: sum("saved_input_tokens"),
  savedHigh: sum("saved_high"),
  savedLow: sum("saved_low"),
} as const;

export const spendDay = sqliteTable(
  "spend_day",
  {
    dimension: text().notNull(),
    /** Days since 1970, UTC. */
    day: integer().notNull(),
    /** Empty: the rows that have none. */
    value: text().notNull(),
    ...SUM_COLUMNS,
    lastMs: integer("last_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.dimension, table.day, table.value] }),
    check(
      "spend_day_dimension",
      sql.raw(ROLLUP_DIMENSIONS.map((name) => `"dimension" = '${name}'`).join(" or ")),
    ),
    check("spend_day_value", sql.raw(areNames(["value"], hasOnly(NAME_CHARACTERS)))),
    check(
      "spend_day_numbers",
      sql.raw(["day", "rows", "cost_high", "last_ms"].map(isWhole).join(" and ")),
    ),
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
  },
  () => [
    check("rollup_state_one", sql.raw(`"one" = 1`)),
    check("rollup_state_row", sql.raw(`"row_id" not glob '*[^0-9a-f-]*'`)),
  ],
);
