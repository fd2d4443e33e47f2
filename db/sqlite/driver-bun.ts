/** SQLite on Bun. */
import { Database } from "bun:sqlite";
import type { SqliteClient } from "./driver.ts";

export function openSqlite(path: string): SqliteClient {
  // Bun's own database has every member; its types know no unknown rows.
  return new Database(path, { create: true, readwrite: true }) as unknown as SqliteClient;
}
