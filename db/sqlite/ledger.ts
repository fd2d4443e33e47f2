/** The spend ledger on SQLite. */
import { and, asc, desc, eq, inArray, lt } from "drizzle-orm";
import { issuedResponse, ledger } from "../schema/sqlite.ts";
import type { LedgerStore, RepriceChange } from "../store.ts";
import { LedgerAppender } from "./append.ts";
import type { SqliteDatabase } from "./database.ts";
import { beginEpoch } from "./epoch.ts";
import { whileBusy } from "./fault.ts";
import { storable } from "./money.ts";
import { readNewest } from "./records.ts";
import type { Searches } from "./searches.ts";
import { traceIdAt } from "../trace-time.ts";

export interface SqliteLedger extends LedgerStore {
  /** Takes no more rows; resolves when all are committed or rejected. To be called before the file is closed. */
  close(): Promise<void>;
}

/** @param searches where questions go that read much of the ledger */
export function createLedger(database: SqliteDatabase, searches: Searches): SqliteLedger {
  const { client, orm } = database;
  const appender = new LedgerAppender(database);

  function applyChanges(changes: readonly RepriceChange[]): void {
    const update = client.prepare(
      orm
        .update(ledger)
        .set({ costPicoUsd: 0n, priceVersion: "", unpriced: false })
        .where(eq(ledger.id, ""))
        .toSQL().sql,
    );
    beginEpoch(orm);
    for (const { id, costPicoUsd, priceVersion, unpriced } of changes) {
      update.run(storable(costPicoUsd), priceVersion, Number(unpriced), id);
    }
  }

  return {
    append: (row, responseId, charges = []) => appender.append(row, responseId, charges),

    async close() {
      await appender.close();
      await searches.close();
    },

    async records(query) {
      const { rows, rest } = readNewest(orm, query);
      return rest === null ? rows : [...rows, ...(await searches.rest(rest))];
    },

    spend: (query) => searches.spend(query),

    sessions: (query) => searches.sessions(query),

    async newestId() {
      const [row] = orm
        .select({ id: ledger.id })
        .from(ledger)
        .orderBy(desc(ledger.id))
        .limit(1)
        .all();
      return row?.id ?? null;
    },

    async reprice(changes) {
      await whileBusy(client.transaction(() => applyChanges(changes)).immediate);
    },

    async responseProvider(responseId, keyId) {
      const [found] = orm
        .select({ provider: issuedResponse.provider })
        .from(issuedResponse)
        .where(and(eq(issuedResponse.responseId, responseId), eq(issuedResponse.keyId, keyId)))
        .all();
      return found?.provider ?? null;
    },

    async issue({ ids, ...issued }) {
      if (ids.length === 0) return;
      const rows = ids.map((responseId) => ({ responseId, ...issued }));
      await whileBusy(() => orm.insert(issuedResponse).values(rows).onConflictDoNothing().run());
    },

    async expire(beforeMs, limit) {
      const oldest = orm
        .select({ traceId: ledger.traceId })
        .from(ledger)
        // Trace ids begin with their time: the range of the key is the range of time.
        .where(and(lt(ledger.traceId, traceIdAt(beforeMs)), lt(ledger.timeMs, beforeMs)))
        .orderBy(asc(ledger.traceId))
        .limit(limit);
      const deleted = await whileBusy(() =>
        orm
          .delete(ledger)
          .where(inArray(ledger.traceId, oldest))
          .returning({ attempt: ledger.attempt })
          .all(),
      );
      if (deleted.length === 0) {
        await whileBusy(() =>
          orm.delete(issuedResponse).where(lt(issuedResponse.timeMs, beforeMs)).run(),
        );
      }
      return deleted.length;
    },

    async checkWritable() {
      // A page must really be written to the log for a full disk to show.
      const write = client.transaction(() => client.exec("PRAGMA user_version = 1"));
      await whileBusy(write.immediate);
    },
  };
}
