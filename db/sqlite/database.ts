/** One SQLite file with drizzle over it, whichever runtime's driver is underneath. */
import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openSqlite } from "#sqlite";
import { SQLiteBunSession } from "drizzle-orm/bun-sqlite/session";
import { BaseSQLiteDatabase, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import type { SqliteClient } from "./driver.ts";
import { migrate } from "./migrate.ts";

export type Orm = BaseSQLiteDatabase<"sync", void>;

export interface SqliteDatabase {
  readonly client: SqliteClient;
  readonly orm: Orm;
}

/** Where the migrations of a kind of file lie, as drizzle-kit wrote them. */
const migrationsOf = (schema: SqliteSchema) =>
  fileURLToPath(new URL(`../migrations/${schema}`, import.meta.url));
/** At the start nobody waits for an answer. */
const OPENING_BUSY_MS = 5_000;
/** Later the event loop stands still as long as this; who needs more patience uses `whileBusy`. */
const BUSY_MS = 5;
/** What is left of the log's file after a large transaction. */
const WAL_BYTES = 64 * 1024 * 1024;

/** `sqlite`: `anyray.sqlite`; the others are files of their own with the same name. */
export type SqliteSchema = "sqlite" | "subjects" | "content" | "outbox" | "rollup" | "shipping";

export interface SqliteOptions {
  /** `normal` survives the death of the process, `full` also power loss. */
  readonly sync: "normal" | "full";
  /** Default: `sqlite`. */
  readonly schema?: SqliteSchema;
}

/** Opens the file, in WAL mode, and brings its schema up to date. Throws if it can't. */
export function openDatabase(path: string, options: SqliteOptions): SqliteDatabase {
  makePrivate(path);
  const client = openSqlite(path);
  try {
    client.exec(`PRAGMA busy_timeout = ${OPENING_BUSY_MS}`);
    client.exec("PRAGMA journal_mode = WAL");
    client.exec(`PRAGMA synchronous = ${options.sync}`);
    client.exec("PRAGMA foreign_keys = ON");
    client.exec("PRAGMA secure_delete = ON");
    client.exec("PRAGMA cache_size = -16384");
    client.exec(`PRAGMA journal_size_limit = ${WAL_BYTES}`);
    migrate(client, migrationsOf(options.schema ?? "sqlite"));
    client.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  } catch (error) {
    client.close();
    throw error;
  }
  return { client, orm: createOrm(client) };
}

/** A second connection that can only read, to a file that is open already. */
export function openForReading(path: string): SqliteDatabase {
  const client = openSqlite(path);
  client.exec(`PRAGMA busy_timeout = ${OPENING_BUSY_MS}`);
  client.exec("PRAGMA query_only = ON");
  return { client, orm: createOrm(client) };
}

/** A second connection that only moves the log into the file. */
export function openForCheckpoints(path: string): SqliteClient {
  const client = openSqlite(path);
  client.exec(`PRAGMA busy_timeout = ${OPENING_BUSY_MS}`);
  return client;
}

function createOrm(client: SqliteClient): Orm {
  const dialect = new SQLiteSyncDialect();
  // Drizzle's session calls the members of Bun's database that `SqliteClient` names, and no other.
  const session = new SQLiteBunSession(client as never, dialect, undefined);
  return new BaseSQLiteDatabase("sync", dialect, session as never, undefined);
}

/** Moves the log into the file first, as far as no other process reads it: a driver may close later than it says. */
export function closeDatabase({ client }: SqliteDatabase): void {
  try {
    client.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    client.close();
  }
}

/**
 * SQLite gives its log the mode of the file it belongs to. The file is made only where it is missing: closing a file that
 * SQLite has open elsewhere in this process would drop its locks.
 */
function makePrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file)) chmodSync(file, 0o600);
  }
}
