/** Client keys on SQLite. */
import { and, asc, eq, isNull, or } from "drizzle-orm";
import { clientKey } from "../schema/sqlite.ts";
import type { ClientKey, KeyStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

type Row = typeof clientKey.$inferSelect;

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
    return row === undefined ? null : toKey(row);
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
        .map(toKey);
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

function toKey(row: Row): ClientKey {
  const { metadata, models, endpoints, ...rest } = row;
  return {
    ...rest,
    // The CHECK of the column allows nothing else.
    metadata: metadata === "ignore" || metadata === "fill" ? metadata : null,
    models: parseNames(models),
    endpoints: parseNames(endpoints),
  };
}

/** The lists of a key as its columns hold them. */
export function toKeyColumns<T extends Partial<Pick<ClientKey, "models" | "endpoints">>>(key: T) {
  const { models, endpoints, ...rest } = key;
  return {
    ...rest,
    ...(models === undefined ? {} : { models: formatNames(models) }),
    ...(endpoints === undefined ? {} : { endpoints: formatNames(endpoints) }),
  };
}

function formatNames(names: readonly string[] | null): string | null {
  return names === null ? null : JSON.stringify(names);
}

/** An unreadable list allows nothing. */
export function parseNames(text: string | null): readonly string[] | null {
  if (text === null) return null;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
