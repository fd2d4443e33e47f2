/** Sums in columns: exact, and the same after they were written and read. */
import { describe, expect, test } from "bun:test";
import { decodeCells, encodeCells, SUM_NAMES, SumTable, toColumns } from "./cells.ts";
import { joinMoney } from "./money.ts";
import type { SumsRow } from "./spend.ts";

const GIGA = 10n ** 9n;

/** @param cost in pico-dollars, as the database would say it */
function sums(cost: bigint, others: Partial<SumsRow> = {}): SumsRow {
  const zero = Object.fromEntries(SUM_NAMES.map((name) => [name, 0]));
  const row = { ...zero, costHigh: String(cost / GIGA), costLow: String(cost % GIGA), rows: 1 };
  // Every name is there.
  return { ...row, ...others } as unknown as SumsRow;
}

const costAt = (table: SumTable, place: number): bigint => {
  const { costHigh, costLow } = table.read(place);
  return joinMoney(String(costHigh), String(costLow));
};

describe("sums in columns", () => {
  test("add up to the last pico-dollar, whatever is carried from half to half", () => {
    const table = new SumTable();
    const costs = [2n ** 63n - 1n, 999_999_999n, 1n, 2n ** 62n + 7n, -3n, -(10n ** 12n)];
    let expected = 0n;
    for (let n = 0; n < 3_000; n++) {
      const cost = costs[n % costs.length] ?? 0n;
      expected += cost;
      table.addRow(5, toColumns(sums(cost), n));
    }
    expect(costAt(table, 5)).toBe(expected);
    expect(table.read(5)).toMatchObject({ rows: 3_000, lastMs: 2_999 });
    expect(costAt(table, 0)).toBe(0n);
    const { costHigh, costLow } = table.total();
    expect(joinMoney(String(costHigh), String(costLow))).toBe(expected);
  });

  test("are the same after they were written and read, small or large, and no longer than they must be", () => {
    const table = new SumTable();
    const who = Uint32Array.from([7, 3, 4_000_000_000]);
    table.addRow(0, toColumns(sums(5n, { inputTokens: 9 }), 1_795_000_000_000));
    table.addRow(1, toColumns(sums(2n ** 70n, { inputTokens: 2 ** 40 }), 2));
    table.addRow(2, toColumns(sums(0n), 3));
    const cells = table.toCells(who);
    const bytes = encodeCells(cells);
    const read = decodeCells(bytes);
    expect([...read.who]).toEqual([...who]);
    expect(read.columns.map((column) => (column === null ? null : [...column]))).toEqual(
      cells.columns.map((column) => (column === null ? null : [...column])),
    );
    // Head, who, rows (4 bytes each); tokens, money's high half, times (8 each); its low half (4 each).
    expect(bytes.length).toBe(8 + 16 + 16 + 24 + 24 + 16 + 24);
    // Where a driver hands out a view that begins anywhere.
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeCells(shifted.subarray(3))).toEqual(read);
    expect(decodeCells(encodeCells(new SumTable().toCells(new Uint32Array()))).who).toHaveLength(0);
  });

  test("of many go where they belong, and nowhere where they don't", () => {
    const source = new SumTable();
    for (let place = 0; place < 5_000; place++) {
      source.addRow(place, toColumns(sums(BigInt(place) * 10n ** 8n), place));
    }
    const cells = source.toCells(new Uint32Array(5_000));
    const table = new SumTable();
    const places = Int32Array.from({ length: 5_000 }, (_, at) => (at % 3 === 0 ? -1 : at % 2));
    table.addCells(places, cells);
    table.addCells(places, cells);
    const expected = [0n, 0n];
    places.forEach((place, at) => {
      if (place >= 0) expected[place] = (expected[place] ?? 0n) + 2n * BigInt(at) * 10n ** 8n;
    });
    expect([costAt(table, 0), costAt(table, 1)]).toEqual([expected[0] ?? 0n, expected[1] ?? 0n]);
    expect(table.size).toBe(2);
    expect(table.read(1).lastMs).toBe(4_999);
    const [even = 0n, odd = 0n] = expected;
    expect(Math.sign(table.compare(0, 1))).toBe(even > odd ? -1 : 1);
  });
});
