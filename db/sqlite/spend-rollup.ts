/**
 * Spend of many days out of the ledger's sums by day: whole days from there, the edges of the range and what came since from the ledger
 * itself. The same answer as `spend.ts`, sooner: for every grouping and filter by what the sums are kept apart by, and by day.
 */
import { Buffer } from "node:buffer";
import { and, gt, max, sql, type SQL } from "drizzle-orm";
import { ledger } from "../schema/sqlite.ts";
import type { SpendGroupRow, SpendQuery, SpendReport } from "../store.ts";
import { decodeCells, SumTable, toColumns, type PlaceSums } from "./cells.ts";
import type { Orm } from "./database.ts";
import { readEpoch } from "./epoch.ts";
import {
  DAY_MS,
  lastOfDay,
  oldestMs,
  readDays,
  readParts,
  readState,
  type Rollup,
} from "./rollup.ts";
import { groupKey, SUMS, toSums, type SumsRow } from "./spend.ts";
import { filters, inKeyRange, inTime } from "./where.ts";
import { isWhoColumn, type Coded, type WhoColumn, type WhoTable } from "./who.ts";

/** Days of which the sums are used, at least: for fewer the ledger is as quick. */
const MIN_DAYS = 2;

/** Null: the sums can't answer it, or not yet. */
export function readRolledUp(rollup: Rollup, orm: Orm, query: SpendQuery): SpendReport | null {
  const columns = whoColumns(query);
  if (columns === null) return null;
  let report: SpendReport | null = null;
  rollup.read((sums) => {
    const state = readState(sums);
    if (state === null || state.epoch !== readEpoch(orm)) return;
    // Of days before the oldest row some may have been deleted.
    const from = Math.ceil(Math.max(query.fromMs, oldestMs(orm)) / DAY_MS);
    const end = Math.floor(query.toMs / DAY_MS);
    // The last day is whole, too, where nothing of it is later.
    const to = lastOfDay(sums, end) < query.toMs ? end + 1 : end;
    if (to - from < MIN_DAYS) return;
    const groups = new Groups(query, columns);
    if (!groups.addDays(sums, rollup.who, from, to)) return;
    const edge = (fromMs: number, toMs: number, since?: SQL) => {
      if (fromMs < toMs) groups.addLedger(orm, { ...query, fromMs, toMs }, since);
    };
    edge(query.fromMs, from * DAY_MS);
    edge(to * DAY_MS, query.toMs);
    const inDays = Math.min(to * DAY_MS, query.toMs);
    edge(from * DAY_MS, inDays, gt(ledger.id, state.rowId));
    report = groups.report();
  });
  return report;
}

/** What it is grouped by, the day left out; null: the question is by something else. */
function whoColumns(query: SpendQuery): readonly WhoColumn[] | null {
  const { atLeast, endsRequest, groupBy, timeZone, where } = query;
  if (atLeast !== undefined || endsRequest === true) return null;
  if (groupBy.includes("day") && timeZone !== "UTC") return null;
  const named = groupBy.filter((group) => group !== "day");
  const all = [...named, ...Object.keys(where)];
  return all.every(isWhoColumn) ? named.filter(isWhoColumn) : null;
}

/** Sums by what is asked for, each at a place of its own. */
class Groups {
  readonly #query: SpendQuery;
  readonly #columns: readonly WhoColumn[];
  readonly #table = new SumTable();
  /** By values, and the day where it is asked for. */
  readonly #places = new Map<string, number>();
  /** By place. */
  readonly #keys: { readonly values: readonly (string | null)[]; readonly day: number }[] = [];
  readonly #isDaily: boolean;

  constructor(query: SpendQuery, columns: readonly WhoColumn[]) {
    this.#query = query;
    this.#columns = columns;
    this.#isDaily = query.groupBy.includes("day");
  }

  /** @returns false: a sum is of somebody who is not known, so that nothing of this can be believed */
  addDays(sums: Orm, who: WhoTable, from: number, to: number): boolean {
    const groupOf = this.#groupsByWho(who);
    let places = new Map<number, number>();
    for (const day of readDays(sums, from, to)) {
      if (this.#isDaily) places = new Map();
      for (const part of readParts(sums, day)) {
        const cells = decodeCells(part);
        const at = new Int32Array(cells.who.length);
        for (let cell = 0; cell < at.length; cell++) {
          const group = groupOf.of(cells.who[cell] ?? 0);
          if (group === null) return false;
          at[cell] = group < 0 ? -1 : this.#placeOfGroup(groupOf, places, group, day);
        }
        this.#table.addCells(at, cells);
      }
    }
    return true;
  }

  #placeOfGroup(
    groupOf: WhoGroups,
    places: Map<number, number>,
    group: number,
    day: number,
  ): number {
    const known = places.get(group);
    if (known !== undefined) return known;
    const place = this.#place(groupOf.valuesOf(group), day);
    places.set(group, place);
    return place;
  }

  #place(values: readonly (string | null)[], day: number): number {
    const key = { values, day: this.#isDaily ? day : 0 };
    const text = JSON.stringify([key.day, ...values]);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.#keys.length);
    return this.#keys.push(key) - 1;
  }

  #groupsByWho(who: WhoTable): WhoGroups {
    const wanted = Object.entries(this.#query.where).flatMap(([name, value]) =>
      isWhoColumn(name) ? [{ column: who.column(name), value: toText(value) }] : [],
    );
    const columns = this.#columns.map((name) => who.column(name));
    // Somebody's being known is told by any column.
    return new WhoGroups(columns, wanted, who.column("outcome"));
  }

  addLedger(orm: Orm, query: SpendQuery, since?: SQL): void {
    const keys = this.#columns.map((name) => groupKey(name, query));
    const named = Object.fromEntries(
      keys.map((key, at) => [`key${at}`, sql<string | null>`${key}`.as(`key${at}`)]),
    );
    const day = this.#isDaily
      ? sql<number>`${ledger.timeMs} / ${sql.raw(String(DAY_MS))}`
      : sql<number>`0`;
    const rows = orm
      .select({ day: day.as("day"), ...named, ...SUMS, lastMs: max(ledger.timeMs) })
      .from(ledger)
      .where(and(since ?? inKeyRange(query), inTime(query), filters(query)))
      .groupBy(...["day", ...keys].map((_, at) => sql.raw(String(at + 1))))
      .all();
    for (const row of rows) {
      // The columns are those selected above: the keys, then the sums.
      const {
        day: found,
        lastMs,
        ...rest
      } = row as unknown as SumsRow & {
        day: number;
        lastMs: number | null;
      } & Record<string, string | null>;
      const values = keys.map((_, at) => rest[`key${at}`] ?? null);
      this.#table.addRow(this.#place(values, found), toColumns(rest, lastMs ?? 0));
    }
  }

  report(): SpendReport {
    const { groupBy, limit } = this.#query;
    const table = this.#table;
    const totals = toSums(asText(table.total()));
    if (groupBy.length === 0) return { totals, groups: [] };
    table.carryAll();
    const ranked = firstOf(
      this.#keys.length,
      limit,
      (a, b) => table.compare(a, b) || this.#compareNames(a, b),
    );
    const groups = ranked.map((place): SpendGroupRow => {
      const names = this.#namesOf(place);
      const key = Object.fromEntries(groupBy.map((group, at) => [group, names[at] ?? null]));
      const sums = table.read(place);
      return { key, lastMs: sums.lastMs, ...toSums(asText(sums)) };
    });
    return { totals, groups };
  }

  /** As `ORDER BY` does, where all else is equal: none before any. */
  #compareNames(a: number, b: number): number {
    const [one, other] = [this.#keys[a], this.#keys[b]];
    let at = 0;
    for (const group of this.#query.groupBy) {
      const order =
        group === "day"
          ? (one?.day ?? 0) - (other?.day ?? 0)
          : compareText(one?.values[at] ?? null, other?.values[at++] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  }

  /** In the order of what is grouped by. */
  #namesOf(place: number): (string | null)[] {
    const { values = [], day = 0 } = this.#keys[place] ?? {};
    let at = 0;
    return this.#query.groupBy.map((group) =>
      group === "day" ? dayName(day) : (values[at++] ?? null),
    );
  }
}

/** Which group somebody's sums belong to. Looked at once for each who. */
class WhoGroups {
  readonly #columns: readonly Coded[];
  readonly #wanted: readonly { readonly column: Coded; readonly code: number }[];
  readonly #known: Coded;
  /** By who: the group and 2; 1: none; 0: not looked at yet. */
  readonly #groups: Uint32Array;
  readonly #isExact: boolean;
  readonly #numbers = new Map<number | string, number>();
  readonly #values: (readonly (string | null)[])[] = [];

  constructor(
    columns: readonly Coded[],
    wanted: readonly { readonly column: Coded; readonly value: string | null }[],
    known: Coded,
  ) {
    this.#columns = columns;
    this.#wanted = wanted.map(({ column, value }) => ({ column, code: column.codeOf(value) }));
    this.#known = known;
    this.#groups = new Uint32Array(known.codes.length);
    const places = columns.reduce((product, { values }) => product * values.length, 1);
    this.#isExact = places <= Number.MAX_SAFE_INTEGER;
  }

  /** Below 0: not asked for; null: not known. */
  of(who: number): number | null {
    const seen = this.#groups[who] ?? 0;
    if (seen !== 0) return seen - 2;
    if ((this.#known.codes[who] ?? 0) === 0) return null;
    const group = this.#isWanted(who) ? this.#number(who) : -1;
    this.#groups[who] = group + 2;
    return group;
  }

  valuesOf(group: number): readonly (string | null)[] {
    return this.#values[group] ?? [];
  }

  #isWanted(who: number): boolean {
    for (const { column, code } of this.#wanted) {
      if (code === 0 || column.codes[who] !== code) return false;
    }
    return true;
  }

  #number(who: number): number {
    const place = this.#placeOf(who);
    const known = this.#numbers.get(place);
    if (known !== undefined) return known;
    this.#numbers.set(place, this.#values.length);
    const values = this.#columns.map(({ codes, values: all }) => all[codes[who] ?? 0] ?? null);
    return this.#values.push(values) - 1;
  }

  /** The codes of all columns as one number, where that is exact: there may be a hundred thousand who. */
  #placeOf(who: number): number | string {
    if (!this.#isExact) return this.#columns.map(({ codes }) => codes[who] ?? 0).join(" ");
    let place = 0;
    for (const { codes, values } of this.#columns)
      place = place * values.length + (codes[who] ?? 0);
    return place;
  }
}

function toText(value: string | number | boolean | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** As the database gives them: money's halves in text. */
function asText(sums: PlaceSums): SumsRow {
  const { costHigh, costLow, estimatedHigh, estimatedLow, savedHigh, savedLow } = sums;
  return {
    ...sums,
    costHigh: String(costHigh),
    costLow: String(costLow),
    estimatedHigh: String(estimatedHigh),
    estimatedLow: String(estimatedLow),
    savedHigh: String(savedHigh),
    savedLow: String(savedLow),
  };
}

/** The first of all numbers below `count`, in order. Sorts few of them where there are many. */
function firstOf(
  count: number,
  limit: number,
  compare: (a: number, b: number) => number,
): readonly number[] {
  let kept: number[] = [];
  /** What comes behind this one is not among the first. */
  let last: number | undefined;
  for (let each = 0; each < count; each++) {
    if (last !== undefined && compare(each, last) > 0) continue;
    kept.push(each);
    if (kept.length < limit * 4) continue;
    kept = kept.sort(compare).slice(0, limit);
    last = kept.at(-1);
  }
  return kept.sort(compare).slice(0, limit);
}

const SURROGATE = /[\ud800-\udfff]/;

/** In the order of UTF-8's bytes, as the database has it; null first. */
function compareText(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
