/** The spend ledger on SQLite. */
import { and, desc, eq, getTableColumns, lt, sql, type SQL } from "drizzle-orm";
import { issuedResponse, ledger } from "../schema/sqlite.ts";
import type { LedgerStore, RepriceChange } from "../store.ts";
import { LedgerAppender } from "./append.ts";
import type { SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";
import { storable } from "./money.ts";
import { readSpend } from "./spend.ts";
import { conditions } from "./where.ts";

export interface SqliteLedger extends LedgerStore {
  /** Takes no more rows; resolves when all are committed or rejected. To be called before the file is closed. */
  close(): Promise<void>;
}

/** Money as text: above 2^53 a driver would round it (Bun) or refuse it (Deno). */
const COLUMNS = {
  ...getTableColumns(ledger),
  costPicoUsd: sql`cast(${ledger.costPicoUsd} as text)`.mapWith(BigInt) as SQL<bigint | null>,
  savedPicoUsd: sql`cast(${ledger.savedPicoUsd} as text)`.mapWith(BigInt),
};

export function createLedger(database: SqliteDatabase): SqliteLedger {
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
    for (const { id, costPicoUsd, priceVersion, unpriced } of changes) {
      update.run(storable(costPicoUsd), priceVersion, Number(unpriced), id);
    }
  }

  return {
    append: (row, responseId) => appender.append(row, responseId),
    close: () => appender.close(),

    async records(query) {
      const page = query.beforeId === null ? undefined : lt(ledger.id, query.beforeId);
      return orm
        .select(COLUMNS)
        .from(ledger)
        .where(and(conditions(query), page))
        .orderBy(desc(ledger.id))
        .limit(query.limit)
        .all();
    },

    async spend(query) {
      return readSpend(orm, query);
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

    async checkWritable() {
      // A page must really be written to the log for a full disk to show.
      const write = client.transaction(() => client.exec("PRAGMA user_version = 1"));
      await whileBusy(write.immediate);
    },
  };
}
