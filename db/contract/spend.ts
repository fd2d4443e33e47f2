/** What every `LedgerStore` sums up, against sums made by hand over the same rows. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  SPEND_GROUPS,
  type LedgerRow,
  type LedgerStore,
  type SpendGroup,
  type SpendGroupRow,
  type SpendQuery,
  type SpendSums,
} from "../store.ts";
import type { Open, Opened } from "./opened.ts";
import { createRandom, makeBareRow, makeRow, START_MS } from "./rows.ts";

const HOUR_MS = 3_600_000;
const MONTH: SpendQuery = {
  fromMs: START_MS,
  toMs: START_MS + 30 * 24 * HOUR_MS,
  where: {},
  groupBy: [],
  timeZone: "UTC",
  limit: 1000,
};

export function describeSpend(database: string, open: Open): void {
  describe(`spend on ${database}`, () => {
    let opened: Opened;
    let ledger: LedgerStore;
    beforeEach(async () => {
      opened = await open();
      ledger = opened.store.ledger;
    });
    afterEach(() => opened.remove());

    const append = (rows: readonly LedgerRow[]) =>
      Promise.all(rows.map((row) => ledger.append(row)));
    const group = async (query: Partial<SpendQuery>) => ledger.spend({ ...MONTH, ...query });

    test("is nothing where there are no rows", async () => {
      const { totals, groups } = await group({ groupBy: ["user", "day"] });
      expect([totals, groups]).toEqual([sumUp([]), []]);
    });

    test("has totals and no groups where none are asked for", async () => {
      const rows = [makeRow(), makeRow({ usageSource: "estimated" }), makeBareRow()];
      await append([...rows, makeRow({ timeMs: MONTH.toMs }), makeRow({ timeMs: START_MS - 1 })]);
      expect(await group({})).toEqual({ totals: sumUp(rows), groups: [] });
    });

    test("is exact beyond what a float and a 64-bit number can hold", async () => {
      const rows = Array.from({ length: 20 }, (_, at) =>
        makeRow({
          costPicoUsd: 2n ** 62n + BigInt(at) * 999_999_999n,
          savedPicoUsd: 2n ** 62n + 1n,
          usageSource: at % 2 === 0 ? "estimated" : "provider",
        }),
      );
      await append(rows);
      const { totals, groups } = await group({ groupBy: ["user"] });
      expect(totals).toEqual(sumUp(rows));
      expect(totals.costPicoUsd > 2n ** 66n).toBe(true);
      expect(groups.map((each) => each.costPicoUsd)).toEqual([totals.costPicoUsd]);
    });

    test("names the costliest first, to the last pico-dollar", async () => {
      // Nine halves below a thousandth of a dollar make more than one above it.
      const many = Array.from({ length: 9 }, () =>
        makeRow({ user: "many", costPicoUsd: 999_999_999n }),
      );
      await append([
        makeRow({ user: "one", costPicoUsd: 1_000_000_001n }),
        ...many,
        makeRow({ user: "two", costPicoUsd: 1_000_000_002n }),
        makeBareRow({ user: "unpriced" }),
      ]);
      const { groups } = await group({ groupBy: ["user"] });
      expect(groups.map((each) => each.key.user)).toEqual(["many", "two", "one", "unpriced"]);
      const { groups: two, totals } = await group({ groupBy: ["user"], limit: 2 });
      expect(two).toEqual(groups.slice(0, 2));
      expect(totals.rows).toBe(12);
    });

    test("obeys the filters", async () => {
      const mine = makeRow({ user: "me", modelServed: null, modelRequested: "big" });
      await append([mine, makeRow({ user: "you" }), makeBareRow()]);
      expect((await group({ where: { user: "me" } })).totals).toEqual(sumUp([mine]));
      expect((await group({ where: { model: "big" } })).totals).toEqual(sumUp([mine]));
      expect((await group({ where: { user: null } })).totals.rows).toBe(1);
    });

    test("groups by everything that it can be grouped by, as a sum by hand does", async () => {
      const rows = randomRows(400);
      await append(rows);
      for (const timeZone of [
        "UTC",
        "Europe/Berlin",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Pacific/Chatham",
      ]) {
        for (const groupBy of [
          ...SPEND_GROUPS.map((name): readonly SpendGroup[] => [name]),
          ["team", "user", "model"] as const,
          ["day", "provider"] as const,
          ["hour", "outcome"] as const,
          ["metadata.project"] as const,
          ["team", "metadata.cost-centre"] as const,
        ]) {
          const { totals, groups } = await group({ groupBy, timeZone });
          expect(totals).toEqual(sumUp(rows));
          expect([timeZone, groupBy, sorted(groups)]).toEqual([
            timeZone,
            groupBy,
            sorted(groupUp(rows, groupBy, timeZone)),
          ]);
        }
      }
    });

    test("puts the hour that a change of clocks repeats into one group", async () => {
      // Berlin, 25 October 2026: 02:30 comes twice, at 00:30 and at 01:30 UTC.
      const change = Date.UTC(2026, 9, 25, 1);
      await append(
        [-90, -30, 30, 90].map((minutes) => makeRow({ timeMs: change + minutes * 60_000 })),
      );
      const { groups } = await group({ groupBy: ["hour"], timeZone: "Europe/Berlin" });
      const rows = new Map(groups.map((each) => [each.key.hour, each.rows]));
      expect([...rows].sort()).toEqual([
        ["2026-10-25T01", 1],
        ["2026-10-25T02", 2],
        ["2026-10-25T03", 1],
      ]);
    });

    test("answers for all of time, in any zone, without delay", async () => {
      await append([makeRow()]);
      const startedAt = performance.now();
      const { groups } = await group({
        fromMs: 0,
        toMs: Date.UTC(9999, 11, 31),
        groupBy: ["day"],
        timeZone: "Europe/Berlin",
      });
      expect(groups).toHaveLength(1);
      expect(performance.now() - startedAt).toBeLessThan(500);
    });
  });
}

function randomRows(count: number): LedgerRow[] {
  const random = createRandom(20261123);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0];
  return Array.from({ length: count }, () => {
    const inputTokens = below(10_000);
    const outputTokens = below(1_000);
    const unpriced = below(10) === 0;
    return makeRow({
      timeMs: START_MS + below(30 * 24 * HOUR_MS),
      user: pick(["ann", "bob", "李", null]),
      team: pick(["red", "blue", null]),
      session: pick(["s1", "s2", null]),
      keyId: pick(["key_a", "key_b"]),
      credential: pick(["managed", "passthrough"]),
      provider: pick(["p1", "p2", null]),
      modelRequested: pick(["m1", "m2", null]),
      modelServed: pick(["m1-served", null]),
      endpoint: pick(["chat", "messages"]),
      dialect: pick(["openai-chat", "anthropic-messages"]),
      outcome: pick(["ok", "cut", "aborted"]),
      usageSource: pick(["provider", "estimated", "none"]),
      inputTokens,
      cachedInputTokens: Math.floor(inputTokens / 3),
      cacheWriteTokens: Math.floor(inputTokens / 4),
      cacheWrite1hTokens: 0,
      outputTokens,
      reasoningTokens: Math.floor(outputTokens / 2),
      unpriced,
      costPicoUsd: unpriced ? null : BigInt(below(2 ** 40)) * 4_096n,
      savedPicoUsd: BigInt(below(2 ** 40)),
      savedInputTokens: below(100),
      metadata: pick([
        null,
        '{"project":"apollo 11"}',
        '{"cost-centre":"4711","project":"é"}',
        '{"cost-centre":"4711"}',
      ]),
    });
  });
}

function sumUp(rows: readonly LedgerRow[]): SpendSums {
  const total = (of: (row: LedgerRow) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const money = (of: (row: LedgerRow) => bigint | null) =>
    rows.reduce((sum, row) => sum + (of(row) ?? 0n), 0n);
  const isEstimated = (row: LedgerRow) => row.usageSource === "estimated";
  return {
    rows: rows.length,
    inputTokens: total((row) => row.inputTokens),
    cachedInputTokens: total((row) => row.cachedInputTokens),
    cacheWriteTokens: total((row) => row.cacheWriteTokens),
    outputTokens: total((row) => row.outputTokens),
    reasoningTokens: total((row) => row.reasoningTokens),
    costPicoUsd: money((row) => row.costPicoUsd),
    estimatedCostPicoUsd: money((row) => (isEstimated(row) ? row.costPicoUsd : 0n)),
    estimatedRows: total((row) => Number(isEstimated(row))),
    unpricedRows: total((row) => Number(row.unpriced)),
    savedInputTokens: total((row) => row.savedInputTokens),
    savedPicoUsd: money((row) => row.savedPicoUsd),
  };
}

function groupUp(
  rows: readonly LedgerRow[],
  groupBy: readonly SpendGroup[],
  timeZone: string,
): SpendGroupRow[] {
  const read = reader(timeZone);
  const groups = new Map<string, { key: SpendGroupRow["key"]; rows: LedgerRow[] }>();
  for (const row of rows) {
    const key = Object.fromEntries(groupBy.map((name) => [name, read(row, name)]));
    const name = JSON.stringify(key);
    const found = groups.get(name);
    if (found === undefined) groups.set(name, { key, rows: [row] });
    else found.rows.push(row);
  }
  return [...groups.values()].map((each) => ({
    key: each.key,
    lastMs: Math.max(...each.rows.map(({ timeMs }) => timeMs)),
    ...sumUp(each.rows),
  }));
}

/** Days and hours by `Intl` alone, row by row. */
function reader(timeZone: string): (row: LedgerRow, group: SpendGroup) => string | null {
  const local = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    hourCycle: "h23",
  });
  return (row, group) => {
    switch (group) {
      case "day":
        return local.format(row.timeMs).slice(0, 10);
      case "hour":
        return local.format(row.timeMs).slice(0, 13).replace(" ", "T");
      case "model":
        return row.modelServed ?? row.modelRequested;
      case "user":
      case "team":
      case "session":
      case "credential":
      case "provider":
      case "endpoint":
      case "dialect":
      case "outcome":
        return row[group];
      case "key_id":
        return row.keyId;
      case "model_requested":
        return row.modelRequested;
      case "model_served":
        return row.modelServed;
      case "usage_source":
        return row.usageSource;
      default: {
        const values: Readonly<Record<string, string>> = JSON.parse(row.metadata ?? "{}");
        return values[group.slice("metadata.".length)] ?? null;
      }
    }
  };
}

/** Among equally costly groups the order is free. */
function sorted(groups: readonly SpendGroupRow[]): readonly SpendGroupRow[] {
  const name = (group: SpendGroupRow) => JSON.stringify(Object.values(group.key));
  return [...groups].sort((a, b) => {
    if (a.costPicoUsd !== b.costPicoUsd) return a.costPicoUsd > b.costPicoUsd ? -1 : 1;
    return name(a) < name(b) ? -1 : 1;
  });
}
