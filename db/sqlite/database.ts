/** One SQLite file with drizzle over it, whichever runtime's driver is underneath. */
import { fileURLToPath } from "node:url";
import { openSqlite } from "#sqlite";
import { SQLiteBunSession } from "drizzle-orm/bun-sqlite/session";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { BaseSQLiteDatabase, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import type { SqliteClient } from "./driver.ts";

export type Orm = BaseSQLiteDatabase<"sync", void>;

export interface SqliteDatabase {
  readonly client: SqliteClient;
  readonly orm: Orm;
}

const MIGRATIONS = fileURLToPath(new URL("../migrations/sqlite", import.meta.url));
const BUSY_MS = 5_000;

export interface SqliteOptions {
  /** `normal` survives the death of the process, `full` also power loss. */
  readonly sync: "normal" | "full";
}

/** Opens the file, in WAL mode, and brings its schema up to date. Throws if it can't. */
export function openDatabase(path: string, options: SqliteOptions): SqliteDatabase {
  const client = openSqlite(path);
  client.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  client.exec("PRAGMA journal_mode = WAL");
  client.exec(`PRAGMA synchronous = ${options.sync}`);
  client.exec("PRAGMA foreign_keys = ON");
  client.exec("PRAGMA secure_delete = ON");
  client.exec("PRAGMA cache_size = -16384");
  const dialect = new SQLiteSyncDialect();
  // Drizzle's session calls the members of Bun's database that `SqliteClient` names, and no other.
  const session = new SQLiteBunSession(client as never, dialect, undefined);
  const orm: Orm = new BaseSQLiteDatabase("sync", dialect, session as never, undefined);
  dialect.migrate(readMigrationFiles({ migrationsFolder: MIGRATIONS }), session as never);
  return { client, orm };
}
