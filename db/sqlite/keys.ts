/** Client keys on SQLite. */
import { and, asc, eq, isNull } from "drizzle-orm";
import { clientKey } from "../schema/sqlite.ts";
import type { ClientKey, KeyStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

type Row = typeof clientKey.$inferSelect;

export function createKeys({ client, orm }: SqliteDatabase): KeyStore {
  const byHash = client.prepare(
    orm.select({ id: clientKey.id }).from(clientKey).where(eq(clientKey.secretHash, "")).toSQL()
      .sql,
  );
  return {
    async create(key) {
      const models = key.models === null ? null : JSON.stringify(key.models);
      await whileBusy(() =>
        orm
          .insert(clientKey)
          .values({ ...key, models })
          .run(),
      );
    },
    async list() {
      return orm
        .select()
        .from(clientKey)
        .orderBy(asc(clientKey.createdAtMs), asc(clientKey.id))
        .all()
        .map(toKey);
    },
    async findByHash(secretHash) {
      // The statement for strangers' guesses is kept ready; the row is read only for a key that exists.
      if (byHash.values(secretHash).length === 0) return null;
      const [row] = orm.select().from(clientKey).where(eq(clientKey.secretHash, secretHash)).all();
      return row === undefined ? null : toKey(row);
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

function toKey(row: Row): ClientKey {
  const { metadata, models, ...rest } = row;
  return {
    ...rest,
    // The CHECK of the column allows nothing else.
    metadata: metadata === "ignore" || metadata === "fill" ? metadata : null,
    models: models === null ? null : parseModels(models),
  };
}

/** An unreadable list allows nothing. */
function parseModels(text: string): readonly string[] {
  try {
    const models: unknown = JSON.parse(text);
    return Array.isArray(models) ? models.filter((model) => typeof model === "string") : [];
  } catch {
    return [];
  }
}
