/** One of several gateways that start at once brings the schema up to date; a database from the future is left alone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import { isPostgresThere, startPostgres, type Postgres } from "../contract/postgres.ts";
import * as shared from "../schema/pg-shared.ts";
import * as tables from "../schema/pg.ts";
import { connectDatabase, openDatabase } from "./database.ts";
import { readSchemaState } from "./migrate.ts";

describe.skipIf(!isPostgresThere)("migrations on Postgres", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  test("run once, however many gateways start at the same time", async () => {
    const options = await postgres.create("empty");
    const looking = connectDatabase(options);
    expect(await readSchemaState(looking.client)).toBe("migration_pending");
    const opened = await Promise.all(Array.from({ length: 5 }, () => openDatabase(options)));
    expect(await readSchemaState(looking.client)).toBe("current");
    for (const each of [looking, ...opened]) await each.close();
  });

  test("leave the columns of the schema, in its order", async () => {
    const { database } = await postgres.create();
    // A module's exports have no common type; that each is a table is what `getTableConfig` needs.
    for (const table of [...Object.values(tables), ...Object.values(shared)] as PgTable[]) {
      const { name, columns } = getTableConfig(table);
      const there = postgres.psql(
        database,
        `select column_name from information_schema.columns where table_name = '${name}' order by ordinal_position`,
      );
      expect([name, there.split("\n")]).toEqual([name, columns.map((column) => column.name)]);
    }
  });

  test("refuse a database that a newer version wrote", async () => {
    const options = await postgres.create();
    postgres.psql(
      options.database,
      `insert into "__drizzle_migrations" (hash, created_at) values ('x', 9999999999999)`,
    );
    await expect(openDatabase(options)).rejects.toThrow("newer version");
    const looking = connectDatabase(options);
    expect(await readSchemaState(looking.client)).toBe("newer");
    await looking.close();
  });

  test("change nothing if one of them fails", async () => {
    const options = await postgres.create("empty");
    // In the way of the last one.
    postgres.psql(options.database, `create table "revision" ("one" integer)`);
    await expect(openDatabase(options)).rejects.toThrow();
    expect(postgres.psql(options.database, `select to_regclass('ledger') is null`)).toBe("t");
  });
});
