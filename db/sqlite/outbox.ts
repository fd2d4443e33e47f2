/** The exporter's place in the ledger, on SQLite. */
import { count } from "drizzle-orm";
import { handedOver, setAside } from "../schema/outbox.ts";
import type { Outbox } from "../store.ts";
import { closeDatabase, openDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

/** @throws Error if the file can't be read or written */
export function openOutbox(path: string): Outbox {
  const database = openDatabase(path, { sync: "normal", schema: "outbox" });
  const { client, orm } = database;
  const move = (rowId: string): void => {
    orm
      .insert(handedOver)
      .values({ one: 1, rowId })
      .onConflictDoUpdate({ target: handedOver.one, set: { rowId } })
      .run();
  };
  return {
    async handedOver() {
      const [row] = orm.select({ rowId: handedOver.rowId }).from(handedOver).all();
      return row?.rowId ?? null;
    },
    async setHandedOver(rowId) {
      await whileBusy(() => move(rowId));
    },
    async setAside(row) {
      await whileBusy(() =>
        client
          .transaction(() => {
            orm.insert(setAside).values(row).onConflictDoNothing().run();
            move(row.rowId);
          })
          .immediate(),
      );
    },
    async countSetAside() {
      const [row] = orm.select({ rows: count() }).from(setAside).all();
      return row?.rows ?? 0;
    },
    close: () => closeDatabase(database),
  };
}
