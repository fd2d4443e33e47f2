/**
 * Pages of the ledger, newest first. Usually the newest rows are what is asked for: a few thousand of them are looked through
 * in their order. Only what is not found there costs a search of the whole range of time.
 */
import { and, desc, getTableColumns, gt, inArray, lt, type SQL } from "drizzle-orm";
import { ledger } from "../schema/sqlite.ts";
import type { LedgerRow, RecordsQuery } from "../store.ts";
import type { Orm } from "./database.ts";
import { exactMoney } from "./money.ts";
import { filters, inKeyRange, inTime } from "./where.ts";

/** Looked through in a few ms. */
const NEWEST_ROWS = 2_000;

export const LEDGER_COLUMNS = {
  ...getTableColumns(ledger),
  // Drizzle hands no null to the decoder.
  costPicoUsd: exactMoney(ledger.costPicoUsd) as SQL<bigint | null>,
  savedPicoUsd: exactMoney(ledger.savedPicoUsd),
};

export interface Newest {
  readonly rows: readonly LedgerRow[];
  /** Where older rows may complete the page: the question for them. */
  readonly rest: RecordsQuery | null;
}

/** What the newest rows have to say. Quick, whatever the ledger's size. */
export function readNewest(orm: Orm, query: RecordsQuery): Newest {
  const below = query.beforeId === null ? undefined : lt(ledger.id, query.beforeId);
  const floor = orm
    .select({ id: ledger.id })
    .from(ledger)
    .where(below)
    .orderBy(desc(ledger.id))
    .limit(1)
    .offset(NEWEST_ROWS)
    .all()[0]?.id;
  const above = floor === undefined ? undefined : gt(ledger.id, floor);
  const rows = orm
    .select(LEDGER_COLUMNS)
    .from(ledger)
    .where(and(below, above, inTime(query), filters(query)))
    .orderBy(desc(ledger.id))
    .limit(query.limit)
    .all();
  const missing = query.limit - rows.length;
  if (floor === undefined || missing === 0) return { rows, rest: null };
  // The floor was not looked at: what comes after it in order is the first that was.
  return { rows, rest: { ...query, limit: missing, beforeId: `${floor}.` } };
}

/** Searches the range of time. First for ids alone: sorting whole rows would take seconds where there are a million. */
export function readRest(orm: Orm, query: RecordsQuery): readonly LedgerRow[] {
  const below = query.beforeId === null ? undefined : lt(ledger.id, query.beforeId);
  const ids = orm
    .select({ id: ledger.id })
    .from(ledger)
    .where(and(inKeyRange(query), inTime(query), filters(query), below))
    .orderBy(desc(ledger.id))
    .limit(query.limit);
  return orm
    .select(LEDGER_COLUMNS)
    .from(ledger)
    .where(inArray(ledger.id, ids))
    .orderBy(desc(ledger.id))
    .all();
}
