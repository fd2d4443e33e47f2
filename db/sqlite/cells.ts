/**
 * Sums of many, column by column: as bytes at rest, and as a table that grows while sums are added up. Numbers alone, exact: counts
 * below 2^53, money in two halves, `high × 10^9 + low`. The bytes are in the machine's own order: the file is made where it is read.
 */
import { GIGA } from "./money.ts";
import { SUMS, type SumsRow } from "./spend.ts";

/** The sums in the order of their columns; behind them when the newest was. */
export const SUM_NAMES = Object.keys(SUMS) as (keyof SumsRow)[];
const LAST = SUM_NAMES.length;
const WIDTH = LAST + 1;
/** Where the halves of an amount of money are. */
const HALVES: readonly (readonly [high: number, low: number])[] = (
  [
    ["costHigh", "costLow"],
    ["estimatedHigh", "estimatedLow"],
    ["savedHigh", "savedLow"],
  ] as const
).map(([high, low]) => [SUM_NAMES.indexOf(high), SUM_NAMES.indexOf(low)]);
const LOWS = new Map(HALVES.map(([high, low]) => [low, high]));
/** Beyond this a low half is carried over: far from where a float would round. */
const CARRY_AT = 2 ** 50;

export type Column = Float64Array | Uint32Array;

/** Sums, each of one who (`spend_who`). */
export interface Cells {
  readonly who: Uint32Array;
  /** `SUM_NAMES`, then the newest time; null: all zero. */
  readonly columns: readonly (Column | null)[];
}

/** How a column is written, two bits each: most numbers are small and whole. */
const ZERO = 0;
const WHOLE = 1;
const FLOAT = 2;

/** A row of the database as the values of a table's columns. */
export function toColumns(row: SumsRow, lastMs: number): number[] {
  // Money's halves come as text, since a driver would round them; those of a few thousand rows are exact.
  return [...SUM_NAMES.map((name) => Number(row[name])), lastMs];
}

/** Count and kinds, who, then column after column; each begins where a number may. */
export function encodeCells({ who, columns }: Cells): Uint8Array {
  const narrow = columns.map((column) => (column === null ? null : narrowed(column)));
  let kinds = 0;
  let size = 8 + padded(who.byteLength);
  narrow.forEach((column, at) => {
    if (column === null) return;
    kinds |= (column instanceof Uint32Array ? WHOLE : FLOAT) << (2 * at);
    size += padded(column.byteLength);
  });
  const bytes = new Uint8Array(size);
  new Uint32Array(bytes.buffer, 0, 2).set([who.length, kinds]);
  let at = 8;
  for (const column of [who, ...narrow]) {
    if (column === null) continue;
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += padded(column.byteLength);
  }
  return bytes;
}

/** @param bytes from `encodeCells` */
export function decodeCells(bytes: Uint8Array): Cells {
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const [count = 0, kinds = 0] = new Uint32Array(buffer, byteOffset, 2);
  const who = new Uint32Array(buffer, byteOffset + 8, count);
  let at = byteOffset + 8 + padded(who.byteLength);
  const columns = Array.from({ length: WIDTH }, (_, column) => {
    const kind = (kinds >>> (2 * column)) & 3;
    if (kind === ZERO) return null;
    const found =
      kind === WHOLE ? new Uint32Array(buffer, at, count) : new Float64Array(buffer, at, count);
    at += padded(found.byteLength);
    return found;
  });
  return { who, columns };
}

function narrowed(column: Column): Column {
  const whole = Uint32Array.from(column);
  return whole.every((value, at) => value === column[at]) ? whole : column;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Dearest first, then most rows. */
const RANKS = (["costHigh", "costLow", "rows"] as const).map((name) => SUM_NAMES.indexOf(name));

export type PlaceSums = Record<keyof SumsRow, number> & { readonly lastMs: number };

/** Sums by place, from 0 on. */
export class SumTable {
  #columns = Array.from({ length: WIDTH }, () => new Float64Array(64));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param values as `toColumns` has them */
  addRow(place: number, values: readonly number[]): void {
    this.#grow(place + 1);
    values.forEach((value, at) => {
      const column = this.#columns[at];
      if (column === undefined) return;
      const before = column[place] ?? 0;
      column[place] = at === LAST ? Math.max(before, value) : before + value;
    });
    for (const [high, low] of HALVES) this.#carry(place, high, low);
  }

  /** @param places where each of the cells belongs; below 0: nowhere */
  addCells(places: Int32Array, cells: Cells): void {
    // Of a question with a filter few belong anywhere, and only they are looked at in each column.
    const placed = new Uint32Array(places.length);
    let [count, end] = [0, 0];
    for (let cell = 0; cell < places.length; cell++) {
      const place = places[cell] ?? -1;
      if (place < 0) continue;
      placed[count++] = cell;
      if (place >= end) end = place + 1;
    }
    this.#grow(end);
    cells.columns.forEach((source, at) => {
      const target = this.#columns[at];
      if (source === null || target === undefined) return;
      const high = LOWS.get(at);
      for (let n = 0; n < count; n++) {
        const cell = placed[n] ?? 0;
        const place = places[cell] ?? 0;
        const before = target[place] ?? 0;
        const value = source[cell] ?? 0;
        if (at === LAST) {
          if (value > before) target[place] = value;
          continue;
        }
        const sum = before + value;
        target[place] = sum;
        if (high !== undefined && (sum >= CARRY_AT || sum <= -CARRY_AT)) {
          this.#carry(place, high, at);
        }
      }
    });
  }

  /** All places together. */
  total(): PlaceSums {
    const table = new SumTable();
    const nowhereElse = new Int32Array(this.#size);
    table.addCells(nowhereElse, { who: new Uint32Array(), columns: this.#columns });
    table.#grow(1);
    return table.read(0);
  }

  /** Below 0: `a` cost more than `b`, or as much for more rows. For two that were read, or carried over. */
  compare(a: number, b: number): number {
    for (const at of RANKS) {
      const column = this.#columns[at];
      const difference = (column?.[b] ?? 0) - (column?.[a] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Money's low halves are below 10^9 from now on. */
  carryAll(): void {
    for (let place = 0; place < this.#size; place++) {
      for (const [high, low] of HALVES) this.#carry(place, high, low);
    }
  }

  /** The sums of one place. */
  read(place: number): PlaceSums {
    for (const [high, low] of HALVES) this.#carry(place, high, low);
    const sums = SUM_NAMES.map((name, at) => [name, this.#columns[at]?.[place] ?? 0]);
    // Every name has its column.
    const read = Object.fromEntries(sums) as Record<keyof SumsRow, number>;
    return { ...read, lastMs: this.#columns[LAST]?.[place] ?? 0 };
  }

  /** Everything in place. @param who of each place */
  toCells(who: Uint32Array): Cells {
    this.carryAll();
    const columns = this.#columns.map((column) => {
      const used = column.subarray(0, this.#size);
      return used.some((value) => value !== 0) ? used : null;
    });
    return { who, columns };
  }

  #carry(place: number, highAt: number, lowAt: number): void {
    const [high, low] = [this.#columns[highAt], this.#columns[lowAt]];
    if (high === undefined || low === undefined) return;
    const carried = Math.floor((low[place] ?? 0) / GIGA);
    if (carried === 0) return;
    high[place] = (high[place] ?? 0) + carried;
    low[place] = (low[place] ?? 0) - carried * GIGA;
  }

  #grow(size: number): void {
    if (size <= this.#size) return;
    this.#size = size;
    const room = this.#columns[0]?.length ?? 0;
    if (size <= room) return;
    this.#columns = this.#columns.map((column) => {
      const larger = new Float64Array(Math.max(size, room * 2));
      larger.set(column);
      return larger;
    });
  }
}
