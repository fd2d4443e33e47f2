/**
 * One gateway a data directory. The lock is SQLite's own on a file beside the data: the operating system lets go of it when
 * the process ends, however it ends. It needs a local disk, as SQLite's log does.
 */
import { existsSync, closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "#sqlite";
import type { SqliteClient } from "./driver.ts";
import { isBusy } from "./fault.ts";

export interface DirectoryLock {
  release(): void;
}

const FILE = "gateway.lock";

/** A connection that is forgotten is closed by the garbage collector, and its lock with it: those held are remembered. */
const held = new Set<SqliteClient>();

/** @throws Error if another process holds the directory, or it can't be written */
export function lockDirectory(dir: string): DirectoryLock {
  const path = join(dir, FILE);
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const client = openSqlite(path);
  try {
    client.exec("PRAGMA busy_timeout = 0");
    client.exec("PRAGMA journal_mode = MEMORY");
    client.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    client.close();
    if (!isBusy(error)) throw error;
    throw new Error(
      `The data directory ${dir} is in use by another gateway. Stop it, or set ANYRAY_DATA_DIR to another directory.`,
    );
  }
  held.add(client);
  return {
    release() {
      held.delete(client);
      client.exec("ROLLBACK");
      client.close();
    },
  };
}
