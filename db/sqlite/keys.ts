/** Client keys on SQLite. */
import { and, asc, eq, isNull, or } from "drizzle-orm";
import { fromKeyColumns, toKeyColumns } from "../key-columns.ts";
import { clientKey } from "../schema/sqlite.ts";
import type { ClientKey, KeyStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

export function createKeys({ client, orm }: SqliteDatabase): KeyStore {
  const byHash = client.prepare(
    orm
      .select({ id: clientKey.id })
      .from(clientKey)
      .where(or(eq(clientKey.secretHash, ""), eq(clientKey.previousHash, "")))
      .toSQL().sql,
  );
  function readKey(id: string): ClientKey | null {
    const [row] = orm.select().from(clientKey).where(eq(clientKey.id, id)).all();
    return row === undefined ? null : fromKeyColumns(row);
  }
  return {
    find: async (id) => readKey(id),
    async create(key) {
      await whileBusy(() => orm.insert(clientKey).values(toKeyColumns(key)).run());
    },
    async list() {
      return orm
        .select()
        .from(clientKey)
        .orderBy(asc(clientKey.createdAtMs), asc(clientKey.id))
        .all()
        .map(fromKeyColumns);
    },
    async findByHash(secretHash) {
      // The statement for strangers' guesses is kept ready; the row is read only for a key that exists.
      const [found] = byHash.values(secretHash, secretHash);
      return found === undefined ? null : readKey(String(found[0]));
    },
    async revoke(id, atMs) {
      const revoked = await whileBusy(() =>
        orm
          .update(clientKey)
          .set({ revokedAtMs: atMs })
          .where(and(eq(clientKey.id, id), isNull(clientKey.revokedAtMs)))
          .returning({ id: clientKey.id })
          .all(),
      );
      return revoked.length > 0;
    },
  };
}
