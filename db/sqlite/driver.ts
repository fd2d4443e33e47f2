/** What the stores need of a SQLite driver, in either runtime. */

/** Values that SQLite binds and returns. */
export type SqlValue = string | number | bigint | null | Uint8Array;

export interface Statement {
  run(...values: SqlValue[]): unknown;
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
  /** Rows as arrays, in the order of the columns. */
  values(...values: SqlValue[]): unknown[][];
}

/** The members that drizzle's synchronous SQLite session calls, and those that the stores call themselves. */
export interface SqliteClient {
  /** One statement. */
  exec(sql: string): void;
  prepare(sql: string): Statement;
  transaction(work: () => void): Record<"deferred" | "immediate" | "exclusive", () => void>;
  close(): void;
}
