/** What a gateway knows of its database: that it is away, that it is back, and that something was set, by whoever. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { isPostgresThere, startPostgres, type Postgres } from "../contract/postgres.ts";
import type { DatabaseOptions } from "../store.ts";
import { connectDatabase, openDatabase, type PgDatabase } from "./database.ts";
import { createKeys } from "./keys.ts";
import { startWatch, type Watch } from "./watch.ts";

const key = (id: string) => ({
  id,
  secretHash: Buffer.from(id).toString("hex").padStart(64, "0"),
  display: "abc123",
  name: null,
  user: null,
  team: null,
  metadata: null,
  passthrough: null,
  models: null,
  createdAtMs: 1,
  expiresAtMs: null,
  revokedAtMs: null,
  description: null,
  endpoints: null,
  previousHash: null,
  previousUntilMs: null,
});

describe.skipIf(!isPostgresThere)("the watch on Postgres", () => {
  let postgres: Postgres;
  let options: DatabaseOptions;
  let database: PgDatabase;
  let watch: Watch;
  let changes: number;
  let backs: number;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    options = await postgres.create();
    database = await openDatabase(options);
    [changes, backs] = [0, 0];
    watch = await startWatch({
      database,
      onChange: async () => {
        changes += 1;
      },
      onBack: () => {
        backs += 1;
      },
    });
  });
  afterEach(async () => {
    await watch.close();
    await database.close();
  });

  test("has read all when it begins, and hears of what others set in a moment", async () => {
    expect([changes, backs, watch.state]).toEqual([1, 1, "ok"]);
    // Until it listens.
    await until(() => postgres.psql("postgres", LISTENING) === "1");
    const other = await openDatabase(options);
    const setAt = performance.now();
    await createKeys(other).create(key("key_1"));
    await until(() => changes === 2);
    // Sooner than the next look would be.
    expect(performance.now() - setAt).toBeLessThan(400);
    await createKeys(other).revoke("key_1", 5);
    await until(() => changes === 3);
    await other.close();
  });

  test("finds what it was not told of", async () => {
    postgres.psql(options.database, `update "revision" set "version" = "version" + 1`);
    await until(() => changes === 2, 1_000);
  });

  test("has read what this gateway set when it is asked to look", async () => {
    for (let n = 0; n < 5; n++) {
      await createKeys(database).create(key(`key_${n}`));
      await Promise.all([watch.refresh(), watch.refresh()]);
      expect(changes).toBeGreaterThanOrEqual(n + 2);
    }
  });

  test("sees it go and come back, and hears again", async () => {
    for (let round = 1; round <= 3; round++) {
      await postgres.kill();
      await until(() => watch.state === "away");
      await new Promise((resolve) => setTimeout(resolve, round * 700));
      await postgres.start();
      await until(() => watch.state === "ok", 3_000);
      expect(backs).toBe(round + 1);
    }
    const before = changes;
    await until(() => postgres.psql("postgres", LISTENING) === "1");
    await createKeys(database).create(key("key_late"));
    await until(() => changes > before, 400);
  });

  test("says that migrations are missing, or that there are more than it knows", async () => {
    postgres.psql(
      options.database,
      `create table kept as select * from "__drizzle_migrations"; delete from "__drizzle_migrations" where id = (select max(id) from kept)`,
    );
    watch.failed();
    await until(() => watch.state === "migration_pending");
    postgres.psql(
      options.database,
      `insert into "__drizzle_migrations" (hash, created_at) values ('x', 9999999999999)`,
    );
    watch.failed();
    await until(() => watch.state === "newer");
  });

  test("begins without the database, and reads all when it comes", async () => {
    await postgres.stop();
    const alone = connectDatabase(options);
    let read = 0;
    const early = await startWatch({
      database: alone,
      onChange: async () => {
        read += 1;
      },
      onBack: () => undefined,
    });
    expect([early.state, read]).toEqual(["away", 0]);
    await postgres.start();
    await until(() => early.state === "ok" && read === 1);
    await early.close();
    await alone.close();
  });

  test("brings a schema up to date that it finds to be older", async () => {
    const empty = await postgres.create("empty");
    const alone = connectDatabase(empty);
    const early = await startWatch({
      database: alone,
      onChange: async () => undefined,
      onBack: () => undefined,
    });
    expect(early.state).toBe("ok");
    expect(postgres.psql(empty.database, `select to_regclass('ledger') is not null`)).toBe("t");
    await early.close();
    await alone.close();
  });
});

const LISTENING = `select count(*) from pg_stat_activity where query ilike 'listen%' and state = 'idle' and datname <> 'migrated'`;

async function until(isSo: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
