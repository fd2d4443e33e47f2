/** SQLite on Deno (and Node): `node:sqlite` behind the members that Bun's driver has. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqliteClient, SqlValue, Statement } from "./driver.ts";

export function openSqlite(path: string): SqliteClient {
  const database = new DatabaseSync(path);
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => wrap(database.prepare(sql)),
    transaction(work) {
      const begin = (behaviour: string) => () => {
        database.exec(`BEGIN ${behaviour}`);
        try {
          work();
          database.exec("COMMIT");
        } catch (error) {
          database.exec("ROLLBACK");
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
