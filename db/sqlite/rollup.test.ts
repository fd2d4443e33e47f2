/** The sums by day and hour against the ledger itself: the same answers, however far they lag behind, and none where they can't know. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, makeRow, uuidAt } from "../contract/rows.ts";
import { ROLLUP_DIMENSIONS } from "../schema/rollup.ts";
import type { LedgerRow, SpendGroup, SpendQuery } from "../store.ts";
import { closeDatabase, openDatabase, type SqliteDatabase } from "./database.ts";
import { createLedger, type SqliteLedger } from "./ledger.ts";
import { readParts, readSlots } from "./parts.ts";
import { openRollup, readState, type Rollup } from "./rollup.ts";
import { createSearches } from "./searches.ts";
import { readSpend } from "./spend.ts";
import { readRolledUp } from "./spend-rollup.ts";

const START = Date.UTC(2026, 9, 1, 7);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** When the newest row was accepted, about: the hours of the eight days up to it have sums. */
const NEWEST = START + 35 * DAY_MS;
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
    // Half of them in the last days; in any order, so that most come late.
    const timeMs = NEWEST - below((n % 2 === 0 ? 35 : 9) * DAY_MS);
    // A clock that was put back: the id is of a later time, but no later than the newest.
    const isBack = n % 23 === 0 && timeMs < NEWEST - DAY_MS;
    const skewMs = isBack ? below(20 * HOUR_MS) : n % 3 === 0 ? -below(1_000) : 0;
    rows.push(
      makeRow({
        timeMs,
        traceId: uuidAt(timeMs + skewMs, n),
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

/** Questions by chance; the same in every run. */
function createQuestions(seed: number): (span: Pick<SpendQuery, "fromMs" | "toMs">) => SpendQuery {
  const random = createRandom(seed);
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
  const groups: readonly SpendGroup[] = [...ROLLUP_DIMENSIONS, "model", "day", "hour", "hour"];
  return (span) => {
    const filtered = Array.from({ length: Math.floor(random() * 3) }, () =>
      pick(Object.keys(values)),
    );
    return {
      ...month,
      ...span,
      groupBy: [...new Set(Array.from({ length: Math.floor(random() * 4) }, () => pick(groups)))],
      limit: random() < 0.2 ? 3 : 1_000,
      where: Object.fromEntries(filtered.map((name) => [name, pick(values[name] ?? [])])),
    };
  };
}

/** @returns how many of them the sums answered, each as the ledger does */
function compare(queries: readonly SpendQuery[], of = rollup): number {
  let taken = 0;
  for (const [n, query] of queries.entries()) {
    const answer = readRolledUp(of, database.orm, query);
    if (answer === null) continue;
    taken += 1;
    expect([n, query, answer]).toEqual([n, query, scanned(query)]);
  }
  return taken;
}

/** From minutes to four days, in the last eleven; some of them of whole hours. */
function recentQuestions(seed: number, count: number): readonly SpendQuery[] {
  const random = createRandom(seed);
  const ask = createQuestions(seed + 1);
  return Array.from({ length: count }, () => {
    const lengthMs = [HOUR_MS / 3, 5 * HOUR_MS, DAY_MS, 4 * DAY_MS][Math.floor(random() * 4)] ?? 0;
    const unitMs = random() < 0.3 ? HOUR_MS : 1;
    const whole = (ms: number) => Math.floor(ms / unitMs) * unitMs;
    const fromMs = whole(NEWEST - random() * 11 * DAY_MS);
    return ask({ fromMs, toMs: fromMs + whole((0.3 + random()) * lengthMs) });
  });
}

const hourSlots = (of: Rollup): readonly number[] => {
  const found: number[] = [];
  of.read((sums) => {
    for (const { slot } of readSlots(sums, { unit: "hour", from: 0, to: 1e6 })) found.push(slot);
  });
  return found;
};

describe("the sums by day and hour", () => {
  test("give the ledger's own answer to every question that they take, whole or by parts of days", () => {
    const random = createRandom(11);
    const ask = createQuestions(12);
    const queries = Array.from({ length: 300 }, () =>
      ask({
        fromMs: START + Math.floor((random() - 0.2) * 30 * DAY_MS),
        toMs: START + Math.floor((0.5 + random()) * 30 * DAY_MS),
      }),
    );
    expect(compare(queries)).toBeGreaterThan(180);
  });

  test("give it to questions about hours and minutes, too, as far back as hours are kept", () => {
    expect(compare(recentQuestions(21, 300))).toBeGreaterThan(220);
    const day = { ...month, fromMs: NEWEST - 7 * DAY_MS, toMs: NEWEST - 6 * DAY_MS };
    const hourly = { ...day, groupBy: ["outcome", "hour"] as const };
    expect(rolled(hourly)).toEqual(scanned(hourly));
    expect(rolled(hourly)?.groups.length).toBeGreaterThan(20);
  });

  test("leave to the ledger what they can't know", () => {
    for (const query of [
      { ...month, groupBy: ["session"] as const },
      { ...month, groupBy: ["user", "metadata.project"] as const },
      { ...month, groupBy: ["user"] as const, where: { session: "session-1" } },
      { ...month, where: { status: 200 } },
      { ...month, groupBy: ["day"] as const, timeZone: "Europe/Berlin" },
      { ...month, groupBy: ["hour"] as const },
      { ...month, fromMs: NEWEST - DAY_MS, groupBy: ["hour"] as const, timeZone: "Europe/Berlin" },
      { ...month, atLeast: { latencyMs: 1 } },
      { ...month, endsRequest: true as const },
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
    expect(compare(recentQuestions(31, 60))).toBeGreaterThan(40);
  });

  test("count no row that was deleted because of its age", async () => {
    const cutoff = START + 9.5 * DAY_MS;
    while ((await ledger.expire(cutoff, 100)) > 0);
    const answer = rolled({ ...month, groupBy: ["team"] });
    expect(answer).not.toBeNull();
    expect(answer).toEqual(scanned({ ...month, groupBy: ["team"] }));
  });

  test("are the same in many small parts, put together over and over", () => {
    const small = openRollup(join(dir, "small.sqlite"), database.orm, 40);
    while (small.catchUp());
    const counts = new Map<number, number>();
    small.read((sums) => {
      for (const slot of readSlots(sums, { unit: "day", from: 0, to: 1e6 })) {
        counts.set(slot.slot, readParts(sums, slot).length);
      }
    });
    // Some hundred rows a day in chunks of forty, each on many days: put together to a few, and to one where the day is over.
    const days = [...counts.keys()].sort((one, other) => other - one);
    expect(days.length).toBeGreaterThan(20);
    expect(days.slice(2).map((day) => counts.get(day))).toEqual(days.slice(2).map(() => 1));
    expect(Math.max(...counts.values())).toBeGreaterThan(1);
    expect(Math.max(...counts.values())).toBeLessThan(24);
    for (const groupBy of [["user", "model"], ["team", "day"], ["outcome"], []] as const) {
      const query = { ...month, groupBy };
      expect([groupBy, readRolledUp(small, database.orm, query)]).toEqual([
        groupBy,
        scanned(query),
      ]);
    }
    expect(compare(recentQuestions(41, 60), small)).toBeGreaterThan(40);
    small.close();
  });

  test("keep the hours of the newest days alone, and make none for older ones", async () => {
    const today = Math.floor((NEWEST - 1) / DAY_MS);
    const fresh = openRollup(join(dir, "fresh.sqlite"), database.orm);
    fresh.catchUp();
    expect(Math.min(...hourSlots(fresh))).toBeGreaterThanOrEqual((today - 7) * 24);
    expect(hourSlots(fresh).length).toBeGreaterThan(100);
    // Two days later, with one that came late.
    for (const timeMs of [NEWEST + 2 * DAY_MS, NEWEST - 7 * DAY_MS]) {
      await ledger.append(makeRow({ timeMs }));
    }
    while (fresh.catchUp());
    expect(Math.min(...hourSlots(fresh))).toBeGreaterThanOrEqual((today - 5) * 24);
    expect(Math.max(...hourSlots(fresh))).toBe(Math.floor((NEWEST + 2 * DAY_MS) / HOUR_MS));
    // The clock is put back a day: what is gone does not come back.
    const timeMs = NEWEST + DAY_MS + 2 * HOUR_MS;
    await ledger.append(makeRow({ timeMs, traceId: uuidAt(NEWEST + 2 * DAY_MS + HOUR_MS, 1) }));
    while (fresh.catchUp());
    fresh.read((sums) => expect(readState(sums)?.hoursSince).toBe((today - 5) * 24));
    while (rollup.catchUp());
    for (const each of [fresh, rollup]) {
      expect(compare(recentQuestions(51, 60), each)).toBeGreaterThan(30);
    }
    fresh.close();
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
