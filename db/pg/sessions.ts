/** Sessions of a range on Postgres, the newest first. */
import { and, desc, sql } from "drizzle-orm";
import { ledger } from "../schema/pg.ts";
import type { SessionRow, SessionsQuery } from "../store.ts";
import type { Orm } from "./database.ts";
import { SUMS } from "./spend.ts";
import { inKeyRange, inTime } from "./where.ts";

export async function readSessions(orm: Orm, query: SessionsQuery): Promise<readonly SessionRow[]> {
  const { before, limit } = query;
  const last = sql<number>`max(${ledger.timeMs})`.mapWith(Number);
  const name = sql`coalesce(${ledger.session}, '') collate "C"`;
  const rows = await orm
    .select({ session: ledger.session, lastMs: last, ...SUMS })
    .from(ledger)
    .where(and(inKeyRange(query), inTime(query)))
    .groupBy(ledger.session)
    .having(
      before === null
        ? undefined
        : sql`(${last}, ${name}) < (${before.lastMs}, ${before.session ?? ""})`,
    )
    .orderBy(desc(last), desc(name))
    .limit(limit);
  // The columns are those selected above; the sums' own types are lost in the driver's.
  return rows as unknown as readonly SessionRow[];
}
