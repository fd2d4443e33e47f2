/** Sessions of a range on SQLite, the newest first: first which they are, then their sums, so that rows of others are looked at and not sorted. */
import { and, desc, inArray, isNull, max, or, sql } from "drizzle-orm";
import { ledger } from "../schema/sqlite.ts";
import type { SessionRow, SessionsQuery } from "../store.ts";
import type { Orm } from "./database.ts";
import { SUMS, toSums } from "./spend.ts";
import { inKeyRange, inTime } from "./where.ts";

export function readSessions(orm: Orm, query: SessionsQuery): readonly SessionRow[] {
  const { before, limit } = query;
  const where = and(inKeyRange(query), inTime(query));
  const last = sql<number>`max(${ledger.timeMs})`;
  const name = sql<string>`coalesce(${ledger.session}, '')`;
  const found = orm
    .select({ session: ledger.session, lastMs: last })
    .from(ledger)
    .where(where)
    .groupBy(ledger.session)
    .having(
      before === null
        ? undefined
        : sql`(${last}, ${name}) < (${before.lastMs}, ${before.session ?? ""})`,
    )
    .orderBy(desc(last), desc(name))
    .limit(limit)
    .all();
  if (found.length === 0) return [];
  const names = found.flatMap(({ session }) => (session === null ? [] : [session]));
  const isOne = inArray(ledger.session, names);
  const sums = orm
    .select({ session: ledger.session, ...SUMS, lastMs: max(ledger.timeMs) })
    .from(ledger)
    .where(and(where, names.length < found.length ? or(isOne, isNull(ledger.session)) : isOne))
    .groupBy(ledger.session)
    .all();
  const bySession = new Map(sums.map((row) => [row.session, row]));
  return found.flatMap(({ session, lastMs }) => {
    const row = bySession.get(session);
    return row === undefined ? [] : [{ session, lastMs, ...toSums(row) }];
  });
}
