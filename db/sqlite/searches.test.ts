/** Searches of a ledger that is too large for the event loop. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow, START_MS } from "../contract/rows.ts";
import type { LedgerRow, RecordsQuery, SpendQuery } from "../store.ts";
import { closeDatabase, openDatabase, type SqliteDatabase } from "./database.ts";
import { createLedger, type SqliteLedger } from "./ledger.ts";
import { createSearches } from "./searches.ts";

const HOUR_MS = 3_600_000;
const RECORDS: RecordsQuery = {
  fromMs: 0,
  toMs: Number.MAX_SAFE_INTEGER,
  where: {},
  limit: 1000,
  beforeId: null,
};
const SPEND: SpendQuery = {
  ...RECORDS,
  groupBy: ["user", "day"],
  timeZone: "Europe/Berlin",
  limit: 1000,
};

describe("a search of many rows", () => {
  const dir = mkdtempSync(join(tmpdir(), "anyray-search-"));
  const path = join(dir, "anyray.sqlite");
  let database: SqliteDatabase;
  let inline: SqliteLedger;
  let threaded: SqliteLedger;
  let rows: LedgerRow[];
  beforeAll(async () => {
    database = openDatabase(path, { sync: "normal" });
    inline = createLedger(database, createSearches(database, path, Infinity));
    threaded = createLedger(database, createSearches(database, path, 0));
    rows = Array.from({ length: 9_000 }, (_, at) =>
      makeRow({
        timeMs: START_MS + at * 60_000,
        user: at % 1_000 === 0 ? "rare" : `user-${at % 7}`,
      }),
    );
    await Promise.all(rows.map((row) => inline.append(row)));
  });
  afterAll(async () => {
    await inline.close();
    await threaded.close();
    closeDatabase(database);
    rmSync(dir, { recursive: true, force: true });
  });

  const idsOf = (list: readonly LedgerRow[]) => list.map((row) => row.id);
  const newestFirst = (isWanted: (row: LedgerRow) => boolean) =>
    idsOf(rows.filter(isWanted).toReversed());

  test("gives the same sums from the thread as at once", async () => {
    expect(await threaded.spend(SPEND)).toEqual(await inline.spend(SPEND));
    expect((await inline.spend(SPEND)).totals.rows).toBe(rows.length);
  });

  for (const [name, ledger] of [
    ["at once", () => inline],
    ["by the thread", () => threaded],
  ] as const) {
    test(`finds rows far below the newest ${name}, in their order`, async () => {
      const rare = await ledger().records({ ...RECORDS, where: { user: "rare" } });
      expect(idsOf(rare)).toEqual(newestFirst((row) => row.user === "rare"));
      const few = await ledger().records({ ...RECORDS, where: { user: "rare" }, limit: 4 });
      expect(few).toEqual(rare.slice(0, 4));
      const early = { fromMs: START_MS, toMs: START_MS + HOUR_MS };
      const first = await ledger().records({ ...RECORDS, ...early });
      expect(idsOf(first)).toEqual(newestFirst((row) => row.timeMs < early.toMs));
    });

    test(`turns all pages ${name}, across the newest rows' end`, async () => {
      const seen: string[] = [];
      for (let beforeId: string | null = null; ;) {
        const page: readonly LedgerRow[] = await ledger().records({ ...RECORDS, beforeId });
        if (page.length === 0) break;
        seen.push(...idsOf(page));
        beforeId = seen.at(-1) ?? null;
      }
      expect(seen).toEqual(newestFirst(() => true));
      const where = { user: "user-3" };
      const [first, ...others] = idsOf(await ledger().records({ ...RECORDS, where }));
      const next = await ledger().records({ ...RECORDS, where, beforeId: first ?? null });
      expect(idsOf(next).slice(0, others.length)).toEqual(others);
    });
  }

  test("by the thread lets the event loop go on", async () => {
    await threaded.spend(SPEND);
    let turns = 0;
    let isDone = false;
    const answered = Promise.all(
      Array.from({ length: 10 }, () => threaded.spend({ ...SPEND, groupBy: ["session", "hour"] })),
    ).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      turns += 1;
    }
    expect((await answered).map((each) => each.totals.rows)).toEqual(
      Array.from({ length: 10 }, () => rows.length),
    );
    expect(turns).toBeGreaterThan(10);
  });

  test("by the thread sees what was committed a moment ago", async () => {
    const row = makeRow({ user: "late", timeMs: START_MS - HOUR_MS });
    await inline.append(row);
    const where = { user: "late" };
    expect((await threaded.spend({ ...SPEND, where })).totals.rows).toBe(1);
  });

  test("that fails by the thread is rejected, and the next one is answered", async () => {
    const broken = threaded.spend({ ...SPEND, timeZone: "Nowhere/None" });
    await expect(broken).rejects.toThrow("could not be read");
    expect((await threaded.spend(SPEND)).totals.rows).toBeGreaterThan(1);
  });

  test("is rejected where the ledger is closed before the answer", async () => {
    const closing = createLedger(database, createSearches(database, path, 0));
    const asked = closing.spend(SPEND).then(
      () => "answered",
      () => "rejected",
    );
    await closing.close();
    expect(await asked).toBe("rejected");
  });
});
