/** SQLite on Deno (and Node): `node:sqlite` behind the members that Bun's driver has. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqliteClient, SqlValue, Statement } from "./driver.ts";

export function openSqlite(path: string): SqliteClient {
  const database = new DatabaseSync(path);
  // Not `database.exec`: on Deno its errors lack the result code.
  const exec = (sql: string): void => void database.prepare(sql).run();
  return {
    exec,
    prepare: (sql) => wrap(database.prepare(sql)),
    transaction(work) {
      const begin = (behaviour: string) => () => {
        exec(`BEGIN ${behaviour}`);
        try {
          work();
          exec("COMMIT");
        } catch (error) {
          tryRollback(exec);
          throw error;
        }
      };
      return {
        deferred: begin("DEFERRED"),
        immediate: begin("IMMEDIATE"),
        exclusive: begin("EXCLUSIVE"),
      };
    },
    close: () => database.close(),
  };
}

/** SQLite has rolled back by itself after some errors; then there is nothing to do. */
function tryRollback(exec: (sql: string) => void): void {
  try {
    exec("ROLLBACK");
  } catch {
    // No transaction is open any more.
  }
}

function wrap(statement: StatementSync): Statement {
  return {
    run: (...values) => statement.run(...values.map(bound)),
    get: (...values) => statement.get(...values.map(bound)) ?? null,
    all: (...values) => statement.all(...values.map(bound)),
    values(...values) {
      statement.setReturnArrays(true);
      try {
        // As switched on above.
        return statement.all(...values.map(bound)) as unknown as unknown[][];
      } finally {
        statement.setReturnArrays(false);
      }
    },
  };
}

/** `node:sqlite` binds no booleans, and every number as a float: whole numbers must stay whole, as on Bun. */
function bound(value: SqlValue | boolean): SqlValue {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}
