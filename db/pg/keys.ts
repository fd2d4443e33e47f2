/** Client keys on Postgres. */
import { and, asc, eq, isNull, or } from "drizzle-orm";
import { fromKeyColumns, toKeyColumns } from "../key-columns.ts";
import { clientKey } from "../schema/pg.ts";
import type { KeyStore } from "../store.ts";
import type { PgDatabase } from "./database.ts";

export function createKeys({ run }: PgDatabase): KeyStore {
  return {
    async find(id) {
      const [row] = await run((orm) => orm.select().from(clientKey).where(eq(clientKey.id, id)));
      return row === undefined ? null : fromKeyColumns(row);
    },
    async create(key) {
      await run((orm) => orm.insert(clientKey).values(toKeyColumns(key)));
    },
    async list() {
      const rows = await run((orm) =>
        orm.select().from(clientKey).orderBy(asc(clientKey.createdAtMs), asc(clientKey.id)),
      );
      return rows.map(fromKeyColumns);
    },
    async findByHash(secretHash) {
      const [row] = await run((orm) =>
        orm
          .select()
          .from(clientKey)
          .where(or(eq(clientKey.secretHash, secretHash), eq(clientKey.previousHash, secretHash))),
      );
      return row === undefined ? null : fromKeyColumns(row);
    },
    async revoke(id, atMs) {
      const revoked = await run((orm) =>
        orm
          .update(clientKey)
          .set({ revokedAtMs: atMs })
          .where(and(eq(clientKey.id, id), isNull(clientKey.revokedAtMs)))
          .returning({ id: clientKey.id }),
      );
      return revoked.length > 0;
    },
  };
}
