/** The spend ledger on Postgres. */
import { and, asc, desc, eq, inArray, lt } from "drizzle-orm";
import { issuedResponse, ledger } from "../schema/pg.ts";
import type { LedgerRow, LedgerStore } from "../store.ts";
import { traceIdAt } from "../trace-time.ts";
import type { Appender, Parcel } from "./append.ts";
import type { PgDatabase } from "./database.ts";
import { dropMonth } from "./partitions.ts";
import { readRecords } from "./records.ts";
import { readSessions } from "./sessions.ts";
import { readSpend } from "./spend.ts";

interface Waiting {
  readonly parcel: Parcel;
  resolve(): void;
  reject(error: unknown): void;
}

export function createLedger(database: PgDatabase, appender: Appender): LedgerStore {
  const { run, transaction } = database;
  let waiting: Waiting[] = [];

  /** Rows that come in one turn of the event loop share a transaction. */
  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    try {
      const refused = await appender.append(batch.map(({ parcel }) => parcel));
      for (const each of batch) {
        if (refused.has(each.parcel)) each.reject(refused.get(each.parcel));
        else each.resolve();
      }
    } catch (error) {
      for (const each of batch) each.reject(error);
    }
  }

  return {
    append: (row: LedgerRow, responseId, charges = []) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(() => void flush());
        const parcel = { row, responseId: responseId ?? null, charges };
        waiting.push({ parcel, resolve, reject });
      }),

    records: (query) => run((orm) => readRecords(orm, query)),

    spend: (query) =>
      run((orm) =>
        orm.transaction((tx) => readSpend(tx, query), {
          isolationLevel: "repeatable read",
          accessMode: "read only",
        }),
      ),

    sessions: (query) => run((orm) => readSessions(orm, query)),

    async newestId() {
      const [row] = await run((orm) =>
        orm.select({ id: ledger.id }).from(ledger).orderBy(desc(ledger.id)).limit(1),
      );
      return row?.id ?? null;
    },

    reprice: (changes) =>
      transaction(async (tx) => {
        for (const { id, costPicoUsd, priceVersion, unpriced } of changes) {
          await tx
            .update(ledger)
            .set({ costPicoUsd, priceVersion, unpriced })
            .where(eq(ledger.id, id));
        }
      }),

    async responseProvider(responseId, keyId) {
      const [found] = await run((orm) =>
        orm
          .select({ provider: issuedResponse.provider })
          .from(issuedResponse)
          .where(and(eq(issuedResponse.responseId, responseId), eq(issuedResponse.keyId, keyId))),
      );
      return found?.provider ?? null;
    },

    async issue({ ids, ...issued }) {
      if (ids.length === 0) return;
      const rows = ids.map((responseId) => ({ responseId, ...issued }));
      await run((orm) => orm.insert(issuedResponse).values(rows).onConflictDoNothing());
    },

    expire: (beforeMs, limit) =>
      transaction(async (tx) => {
        const dropped = await dropMonth(tx, beforeMs);
        if (dropped > 0) return dropped;
        const oldest = tx
          .select({ traceId: ledger.traceId })
          .from(ledger)
          // Trace ids begin with their time: the range of the key is the range of time.
          .where(and(lt(ledger.traceId, traceIdAt(beforeMs)), lt(ledger.timeMs, beforeMs)))
          .orderBy(asc(ledger.traceId))
          .limit(limit);
        const deleted = await tx
          .delete(ledger)
          .where(inArray(ledger.traceId, oldest))
          .returning({ attempt: ledger.attempt });
        if (deleted.length === 0) {
          await tx.delete(issuedResponse).where(lt(issuedResponse.timeMs, beforeMs));
        }
        return deleted.length;
      }),

    async checkWritable() {
      // Writes to the log of the database, and changes nothing.
      await transaction((tx) => tx.execute("select pg_logical_emit_message(true, 'anyray', '')"));
    },
  };
}
