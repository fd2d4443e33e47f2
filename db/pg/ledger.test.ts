/** What only Postgres has of the ledger: a partition a month, and columns that refuse prose in its own dialect. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { isIdentity } from "../../worker/chat.ts";
import { isPostgresThere, startPostgres, type Postgres } from "../contract/postgres.ts";
import { makeRow } from "../contract/rows.ts";
import { LEDGER_NAMES } from "../schema/bounds.ts";
import type { DatabaseOptions, LedgerStore } from "../store.ts";
import { createAppender, type Appender } from "./append.ts";
import { openDatabase, type PgDatabase } from "./database.ts";
import { createLedger } from "./ledger.ts";
import { createPartitions } from "./partitions.ts";

describe.skipIf(!isPostgresThere)("the ledger on Postgres itself", () => {
  let postgres: Postgres;
  let options: DatabaseOptions;
  let database: PgDatabase;
  let appender: Appender;
  let ledger: LedgerStore;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    options = await postgres.create();
    database = await openDatabase(options);
    appender = createAppender(database, createPartitions(database));
    ledger = createLedger(database, appender);
  });
  afterEach(() => database.close());

  const months = () =>
    postgres
      .psql(
        options.database,
        `select inhrelid::regclass from pg_inherits where inhparent = 'ledger'::regclass order by 1`,
      )
      .split("\n")
      .filter((name) => name !== "");

  test("has a partition for each month that has rows, made once by whoever comes first", async () => {
    const times = [Date.UTC(2026, 0, 31, 23, 59), Date.UTC(2026, 1, 1), Date.UTC(2027, 11, 5)];
    const others = Array.from({ length: 4 }, () =>
      createAppender(database, createPartitions(database)),
    );
    await Promise.all(
      others.map((each) =>
        each.append(
          times.map((timeMs) => ({ row: makeRow({ timeMs }), responseId: null, charges: [] })),
        ),
      ),
    );
    expect(months()).toEqual(["ledger_2026_01", "ledger_2026_02", "ledger_2027_12"]);
    const { totals } = await ledger.spend({
      fromMs: times[1] ?? 0,
      toMs: times[2] ?? 0,
      where: {},
      groupBy: [],
      timeZone: "UTC",
      limit: 1,
    });
    expect(totals.rows).toBe(4);
  });

  test("gives up months that are too old as a whole, and of a month the days that are", async () => {
    const day = (month: number, date: number) => makeRow({ timeMs: Date.UTC(2026, month, date) });
    const rows = [day(0, 5), day(0, 6), day(2, 1), day(2, 20)];
    for (const row of rows) await ledger.append(row, `resp_${row.id}`);
    const before = Date.UTC(2026, 2, 10);
    expect(await ledger.expire(before, 100)).toBe(2);
    expect(months()).toEqual(["ledger_2026_03"]);
    expect(await ledger.expire(before, 100)).toBe(1);
    expect(await ledger.expire(before, 100)).toBe(0);
    const left = { fromMs: 0, toMs: Date.UTC(2030, 0), where: {}, limit: 9, beforeId: null };
    expect(await ledger.records(left)).toEqual(rows.slice(3));
    const issued = rows.map((row) => ledger.responseProvider(`resp_${row.id}`, row.keyId));
    expect(await Promise.all(issued)).toEqual([null, null, null, "demo"]);
  });

  test("refuses prose in every name, and takes what the identity pattern allows", async () => {
    const { row } = { row: makeRow() };
    const set = (column: string, value: string) =>
      database.client
        .unsafe(`update "ledger" set "${column}" = $1 where "id" = $2`, [value, row.id])
        .then(
          () => "taken",
          () => "refused",
        );
    await ledger.append(row);
    for (const column of LEDGER_NAMES) {
      for (const prose of [
        "Please summarise the attached contract",
        "What?",
        "a\nb",
        "é".repeat(129),
      ]) {
        expect([column, prose, await set(column, prose)]).toEqual([column, prose, "refused"]);
      }
    }
    const letters = Array.from({ length: 0x2fff }, (_, code) => `a${String.fromCodePoint(code)}`);
    const names = ["José Ñandú 李小龍", "x._@:/+=-9", "é".repeat(128), "𝒜b", ...letters].filter(
      isIdentity,
    );
    const rows = names.map((user) => ({ row: makeRow({ user }), responseId: null, charges: [] }));
    expect(names.length).toBeGreaterThan(5_000);
    expect(await appender.append(rows)).toEqual(new Map());
  });
});
