/**
 * One gateway a data directory. The lock is SQLite's own on a file beside the data: the operating system lets go of it when
 * the process ends, however it ends.
 */
import { join } from "node:path";
import { openSqlite } from "#sqlite";

export interface DirectoryLock {
  release(): void;
}

/** @throws Error if another process holds the directory */
export function lockDirectory(dir: string): DirectoryLock {
  const client = openSqlite(join(dir, "gateway.lock"));
  try {
    client.exec("PRAGMA busy_timeout = 0");
    client.exec("PRAGMA journal_mode = MEMORY");
    client.exec("PRAGMA locking_mode = EXCLUSIVE");
    client.exec("BEGIN EXCLUSIVE");
  } catch {
    client.close();
    throw new Error(
      `The data directory ${dir} is in use by another gateway. Stop it, or set ANYRAY_DATA_DIR to another directory.`,
    );
  }
  return {
    release() {
      client.exec("ROLLBACK");
      client.close();
    },
  };
}
