/** The spend ledger on SQLite. */
import { and, desc, eq, lt } from "drizzle-orm";
import { issuedResponse, ledger } from "../schema/sqlite.ts";
import type { LedgerStore } from "../store.ts";
import { LedgerAppender } from "./append.ts";
import type { SqliteDatabase } from "./database.ts";
import { readSpend } from "./spend.ts";
import { conditions } from "./where.ts";

export interface SqliteLedger extends LedgerStore {
  /** Commits what is pending, before the file is closed. */
  flush(): void;
}

export function createLedger(database: SqliteDatabase): SqliteLedger {
  const { client, orm } = database;
  const appender = new LedgerAppender(database);
  return {
    append: (row, responseId) => appender.append(row, responseId),
    flush: () => appender.flush(),

    async records(query) {
      const page = query.beforeId === null ? undefined : lt(ledger.id, query.beforeId);
      return orm
        .select()
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
      client
        .transaction(() => {
          for (const { id, ...cost } of changes) {
            orm.update(ledger).set(cost).where(eq(ledger.id, id)).run();
          }
        })
        .immediate();
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
      client
        .transaction(() => {
          client.exec("PRAGMA user_version = 1");
        })
        .immediate();
    },
  };
}
