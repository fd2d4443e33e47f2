/** Pages of the ledger, newest first. */
import { and, desc, lt } from "drizzle-orm";
import { ledger } from "../schema/pg.ts";
import type { LedgerRow, RecordsQuery } from "../store.ts";
import type { Orm } from "./database.ts";
import { filters, inKeyRange, inTime } from "./where.ts";

export function readRecords(orm: Orm, query: RecordsQuery): Promise<readonly LedgerRow[]> {
  const below = query.beforeId === null ? undefined : lt(ledger.id, query.beforeId);
  return orm
    .select()
    .from(ledger)
    .where(and(inKeyRange(query), inTime(query), filters(query), below))
    .orderBy(desc(ledger.id))
    .limit(query.limit);
}
