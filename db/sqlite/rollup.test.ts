/** The sums by day against the ledger itself: the same answers, however far they lag behind, and none where they can't know. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, makeRow, uuidAt } from "../contract/rows.ts";
import { ROLLUP_DIMENSIONS } from "../schema/rollup.ts";
import type { LedgerRow, SpendGroup, SpendQuery } from "../store.ts";
import { closeDatabase, openDatabase, type SqliteDatabase } from "./database.ts";
import { createLedger, type SqliteLedger } from "./ledger.ts";
import { openRollup, readDays, readParts, type Rollup } from "./rollup.ts";
import { createSearches } from "./searches.ts";
import { readSpend } from "./spend.ts";
import { readRolledUp } from "./spend-rollup.ts";

const START = Date.UTC(2026, 9, 1, 7);
const DAY_MS = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), "anyray-rollup-"));
let database: SqliteDatabase;
let ledger: SqliteLedger;
let rollup: Rollup;
const rows: LedgerRow[] = [];

const month: SpendQuery = {
  fromMs: START,
  toMs: START + 40 * DAY_MS,
  where: {},
  groupBy: [],
  timeZone: "UTC",
  limit: 1_000,
};
const rolled = (query: SpendQuery) => readRolledUp(rollup, database.orm, query);
const scanned = (query: SpendQuery) => readSpend(database.orm, query);

beforeAll(async () => {
  database = openDatabase(join(dir, "anyray.sqlite"), { sync: "normal" });
  ledger = createLedger(database, createSearches(database, join(dir, "anyray.sqlite"), Infinity));
  rollup = openRollup(join(dir, "rollup.sqlite"), database.orm);
  const random = createRandom(7);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let n = 0; n < 3_000; n++) {
    const timeMs = START + below(35 * DAY_MS);
    rows.push(
      makeRow({
        timeMs,
        traceId: uuidAt(timeMs, n),
        user: n % 9 === 0 ? null : `user ${below(20)}`,
        team: `team ${below(4)}`,
        modelServed: n % 5 === 0 ? null : `m${below(3)}`,
        modelRequested: n % 10 === 0 ? null : "asked",
        costPicoUsd: n % 11 === 0 ? null : BigInt(below(2 ** 40)) * 1_000_003n,
        unpriced: n % 11 === 0,
        usageSource: n % 13 === 0 ? "estimated" : "provider",
        outcome: n % 17 === 0 ? "cut" : "ok",
      }),
    );
  }
  await Promise.all(rows.slice(0, 2_000).map((row) => ledger.append(row)));
  while (rollup.catchUp());
  // These have not been summed up.
  await Promise.all(rows.slice(2_000).map((row) => ledger.append(row)));
});
afterAll(async () => {
  await ledger.close();
  rollup.close();
  closeDatabase(database);
  rmSync(dir, { recursive: true, force: true });
});

describe("the sums by day", () => {
  test("give the ledger's own answer to every question that they take, whole or by parts of days", () => {
    const random = createRandom(11);
    const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
    const values: Readonly<Record<string, readonly (string | null)[]>> = {
      user: ["user 3", null, "nobody"],
      team: ["team 1"],
      provider: ["demo"],
      model: ["m1", "asked", null],
      model_served: ["m2", null],
      outcome: ["ok", "cut"],
      usage_source: ["estimated"],
    };
    const groups: readonly SpendGroup[] = [...ROLLUP_DIMENSIONS, "model", "day"];
    let taken = 0;
    for (let n = 0; n < 600; n++) {
      const groupBy = [
        ...new Set(Array.from({ length: Math.floor(random() * 4) }, () => pick(groups))),
      ];
      const filtered = Array.from({ length: Math.floor(random() * 3) }, () =>
        pick(Object.keys(values)),
      );
      const query: SpendQuery = {
        ...month,
        fromMs: START + Math.floor((random() - 0.2) * 30 * DAY_MS),
        toMs: START + Math.floor((0.5 + random()) * 30 * DAY_MS),
        groupBy,
        limit: random() < 0.2 ? 3 : 1_000,
        where: Object.fromEntries(filtered.map((name) => [name, pick(values[name] ?? [])])),
      };
      const answer = rolled(query);
      if (answer === null) continue;
      taken += 1;
      expect([n, query, answer]).toEqual([n, query, scanned(query)]);
    }
    expect(taken).toBeGreaterThan(400);
  });

  test("leave to the ledger what they can't know", () => {
    for (const query of [
      { ...month, groupBy: ["session"] as const },
      { ...month, groupBy: ["user", "metadata.project"] as const },
      { ...month, groupBy: ["user"] as const, where: { session: "session-1" } },
      { ...month, where: { status: 200 } },
      { ...month, groupBy: ["day"] as const, timeZone: "Europe/Berlin" },
      { ...month, groupBy: ["hour"] as const },
      { ...month, atLeast: { latencyMs: 1 } },
      { ...month, endsRequest: true as const },
      { ...month, toMs: START + DAY_MS },
    ]) {
      expect(rolled(query)).toBeNull();
    }
  });

  test("are not believed after a change of price, until they were made anew", async () => {
    const [first] = rows;
    if (first === undefined) throw new Error("there are rows");
    const change = { id: first.id, costPicoUsd: 5n, priceVersion: "new", unpriced: false };
    await ledger.reprice([change]);
    expect(rolled(month)).toBeNull();
    while (rollup.catchUp());
    expect(rolled(month)).toEqual(scanned(month));
  });

  test("count no row that was deleted because of its age", async () => {
    const cutoff = START + 9.5 * DAY_MS;
    while ((await ledger.expire(cutoff, 100)) > 0);
    const answer = rolled({ ...month, groupBy: ["team"] });
    expect(answer).not.toBeNull();
    expect(answer).toEqual(scanned({ ...month, groupBy: ["team"] }));
  });

  test("are the same in many small parts, put together over and over", () => {
    const small = openRollup(join(dir, "small.sqlite"), database.orm, 7);
    while (small.catchUp());
    const counts = new Map<number, number>();
    small.read((sums) => {
      for (const day of readDays(sums, 0, 1e6)) counts.set(day, readParts(sums, day).length);
    });
    // Some hundred rows a day in chunks of seven, each on many days: put together to a few.
    expect(counts.size).toBeGreaterThan(20);
    expect(Math.max(...counts.values())).toBeLessThan(24);
    for (const groupBy of [["user", "model"], ["team", "day"], ["outcome"], []] as const) {
      const query = { ...month, groupBy };
      expect([groupBy, readRolledUp(small, database.orm, query)]).toEqual([
        groupBy,
        scanned(query),
      ]);
    }
    small.close();
  });

  test("keep nobody's name when the last of their rows is gone", async () => {
    const names = () => {
      const file = openDatabase(join(dir, "rollup.sqlite"), { sync: "normal", schema: "rollup" });
      const users = file.client.prepare('select distinct "user" from "spend_who"').values().flat();
      file.client.close();
      return users;
    };
    const timeMs = START - 3 * DAY_MS;
    await ledger.append(makeRow({ timeMs, traceId: uuidAt(timeMs, 9_999), user: "left long ago" }));
    while (rollup.catchUp());
    expect(names()).toContain("left long ago");
    while ((await ledger.expire(START + 9.5 * DAY_MS, 100)) > 0);
    while (rollup.catchUp());
    expect(names()).not.toContain("left long ago");
    expect(names()).toContain("user 3");
    const query = { ...month, groupBy: ["user", "team"] as const };
    expect(rolled(query)).toEqual(scanned(query));
  });

  test("begin anew where their file is gone, and go on where they were after a sudden end", () => {
    const fresh = openRollup(join(dir, "again.sqlite"), database.orm);
    expect(readRolledUp(fresh, database.orm, month)).toBeNull();
    expect(fresh.catchUp()).toBe(true);
    fresh.close();
    const later = openRollup(join(dir, "again.sqlite"), database.orm);
    while (later.catchUp());
    expect(readRolledUp(later, database.orm, month)).toEqual(scanned(month));
    later.close();
  });
});
