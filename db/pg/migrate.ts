/**
 * Brings a database's schema up to date: drizzle's migration files and drizzle's table of what was applied, looked at and changed in one
 * transaction under a lock, so that of several gateways that start at once one does it and the others wait.
 */
import { fileURLToPath } from "node:url";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { PgClient } from "./client.ts";

const TABLE = `"__drizzle_migrations"`;
const FOLDER = fileURLToPath(new URL("../migrations/pg", import.meta.url));
/** Advisory locks are numbers; these are ours. */
export const LOCKS = { migrate: 5_270_001, audit: 5_270_002, partition: 5_270_003 } as const;

/** How the database's schema stands to this version of Anyray. */
export type SchemaState = "current" | "migration_pending" | "newer";

/** @throws (rejects with) NewerDatabase; or what went wrong in a migration (nothing is changed then) */
export async function migrate(client: PgClient): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder: FOLDER });
  if ((await readSchemaState(client)) === "current") return;
  await client.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCKS.migrate})`;
    await tx.unsafe(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)`,
    );
    const applied = await appliedUntil(tx);
    if (applied > newest()) {
      throw new NewerDatabase();
    }
    for (const { sql, hash, folderMillis } of migrations) {
      if (folderMillis <= applied) continue;
      for (const statement of sql) await tx.unsafe(statement);
      await tx.unsafe(`INSERT INTO ${TABLE} (hash, created_at) VALUES ($1, $2)`, [
        hash,
        folderMillis,
      ]);
    }
  });
}

export async function readSchemaState(client: PgClient): Promise<SchemaState> {
  const applied = await appliedUntil(client);
  if (applied === newest()) return "current";
  return applied < newest() ? "migration_pending" : "newer";
}

export class NewerDatabase extends Error {
  override readonly name = "NewerDatabase";
  constructor() {
    super("The database was written by a newer version of Anyray.");
  }
}

let newestMs: number | null = null;

/** When the newest migration was made, ms since 1970. */
function newest(): number {
  newestMs ??= readMigrationFiles({ migrationsFolder: FOLDER }).at(-1)?.folderMillis ?? 0;
  return newestMs;
}

/** 0 for a new database. */
async function appliedUntil(client: Pick<PgClient, "unsafe">): Promise<number> {
  const [there] = await client.unsafe(`SELECT to_regclass('${TABLE}') IS NOT NULL AS "isThere"`);
  if (there?.["isThere"] !== true) return 0;
  const [row] = await client.unsafe(`SELECT coalesce(max(created_at), 0) AS until FROM ${TABLE}`);
  return Number(row?.["until"] ?? 0);
}
