/** The ledger's rows in the order of their ids, by a connection that only reads. */
import { asc, desc, gt } from "drizzle-orm";
import { ledger } from "../schema/sqlite.ts";
import type { LedgerTail } from "../store.ts";
import { openForReading } from "./database.ts";
import { LEDGER_COLUMNS } from "./records.ts";

export function openTail(path: string): LedgerTail {
  const { client, orm } = openForReading(path);
  return {
    async newestId() {
      const [row] = orm
        .select({ id: ledger.id })
        .from(ledger)
        .orderBy(desc(ledger.id))
        .limit(1)
        .all();
      return row?.id ?? "";
    },
    async after(id, limit) {
      return orm
        .select(LEDGER_COLUMNS)
        .from(ledger)
        .where(gt(ledger.id, id))
        .orderBy(asc(ledger.id))
        .limit(limit)
        .all();
    },
    close: () => client.close(),
  };
}
