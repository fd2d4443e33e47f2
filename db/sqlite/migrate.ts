/**
 * Brings a file's schema up to date: drizzle's migration files and drizzle's table of what was applied, but look and change
 * in one transaction. (Drizzle's own migrator looks first, so that of two processes on a new file one fails.)
 */
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { SqliteClient } from "./driver.ts";

const TABLE = "__drizzle_migrations";

/**
 * Waits for another process that is at it, as long as the connection's busy timeout.
 * @param folder as written by drizzle-kit
 * @throws Error if the file was written by a newer version, or a migration fails (nothing is changed then)
 */
export function migrate(client: SqliteClient, folder: string): void {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  const newest = migrations.at(-1)?.folderMillis ?? 0;
  if (appliedUntil(client) === newest) return;
  client
    .transaction(() => {
      client.exec(
        `CREATE TABLE IF NOT EXISTS ${TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
      );
      const applied = appliedUntil(client);
      if (applied > newest) {
        throw new Error("The data directory was written by a newer version of Anyray.");
      }
      const record = client.prepare(`INSERT INTO ${TABLE} (hash, created_at) VALUES (?, ?)`);
      for (const { sql, hash, folderMillis } of migrations) {
        if (folderMillis <= applied) continue;
        for (const statement of sql) client.exec(statement);
        record.run(hash, folderMillis);
      }
    })
    .immediate();
}

/** When the newest applied migration was made, ms since 1970; 0 for a new file. */
function appliedUntil(client: SqliteClient): number {
  const tables = client.prepare("SELECT name FROM sqlite_schema WHERE name = ?").values(TABLE);
  if (tables.length === 0) return 0;
  const [row] = client.prepare(`SELECT coalesce(max(created_at), 0) FROM ${TABLE}`).values();
  return Number(row?.[0] ?? 0);
}
