/** Both databases, for suites of the whole gateway that must hold on each. */
import { afterAll, beforeAll, describe } from "bun:test";
import { isPostgresThere, startPostgres, type Postgres } from "../../db/contract/postgres.ts";

/** Settings of a gateway with an empty database. */
export type FreshDatabase = () => Promise<Record<string, string>>;

/** @param body is given what makes a database; call it within a test or a hook */
export function onEachDatabase(body: (fresh: FreshDatabase) => void): void {
  describe("on SQLite", () => body(async () => ({})));
  onPostgres((fresh) => body(fresh));
}

export function onPostgres(body: (fresh: FreshDatabase, postgres: () => Postgres) => void): void {
  describe.skipIf(!isPostgresThere)("on Postgres", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    }, 30_000);
    afterAll(() => postgres.remove());
    body(
      async () => ({ ANYRAY_DB_URL: postgres.url(await postgres.create("empty")) }),
      () => postgres,
    );
  });
}
