/**
 * Spend out of the ledger's sums by day and by hour: whole slots from there, the edges of the range and what came since from the ledger
 * itself. The same answer as `spend.ts`, sooner: for every grouping and filter by what the sums are kept apart by, and by day and hour.
 */
import { Buffer } from "node:buffer";
import { and, gt, max, sql, type SQL } from "drizzle-orm";
import { ROLLUP_UNITS, type RollupUnit } from "../schema/rollup.ts";
import { ledger } from "../schema/sqlite.ts";
import type { SpendGroup, SpendGroupRow, SpendQuery, SpendReport } from "../store.ts";
import { decodeCells, SumTable, toColumns, type PlaceSums } from "./cells.ts";
import type { Orm } from "./database.ts";
import { readEpoch } from "./epoch.ts";
import { readParts, readRows, readSlots } from "./parts.ts";
import { readState, wholeSinceMs, type Rollup, type RollupState } from "./rollup.ts";
import {
  coverOf,
  DAY_MS,
  HOUR_MS,
  UNIT_MS,
  type Slots,
  type Span,
  type UnitKept,
} from "./slots.ts";
import { groupKey, SUMS, toSums, type SumsRow } from "./spend.ts";
import { filters, inTime } from "./where.ts";
import { isWhoColumn, type Coded, type WhoColumn, type WhoTable } from "./who.ts";

/** By hours that are not kept, rows of such a time are found by the sums of their days; of a longer one there would be too many groups. */
const MAX_HOURLY_MS = 2 * DAY_MS;

/** Null: the sums can't answer it, or not yet. */
export function readRolledUp(rollup: Rollup, orm: Orm, query: SpendQuery): SpendReport | null {
  const columns = whoColumns(query);
  if (columns === null) return null;
  let report: SpendReport | null = null;
  rollup.read((sums) => {
    const state = readState(sums);
    if (state === null || state.epoch !== readEpoch(orm)) return;
    const units = unitsFor(sums, query, state, wholeSinceMs(orm));
    if (units === null) return;
    const { slots, edges } = coverOf(query, units);
    const groups = new Groups(query, columns);
    for (const each of slots) if (!groups.addSlots(sums, rollup.who, each)) return;
    for (const edge of edges) {
      const rows = readRows(sums, slotsAround(edge, state));
      if (rows === null) continue;
      const { firstTraceId: first, lastTraceId: last } = rows;
      // The plus: never by the index of the ids, which has half the ledger there.
      const isSummed = sql`${ledger.traceId} between ${first} and ${last} and +${ledger.id} <= ${state.rowId}`;
      groups.addLedger(orm, edge, isSummed);
    }
    groups.addLedger(orm, query, gt(ledger.id, state.rowId));
    report = groups.report();
  });
  return report;
}

/** Null: too many hours are asked for that are not kept. */
function unitsFor(
  sums: Orm,
  { fromMs, toMs, groupBy }: SpendQuery,
  { hoursSince }: RollupState,
  wholeSince: number,
): readonly UnitKept[] | null {
  const hoursSinceMs = hoursSince * HOUR_MS;
  const make = (unit: RollupUnit, sinceMs: number): UnitKept => ({
    unit,
    sinceMs,
    lastOf: (slot) => readRows(sums, { unit, from: slot, to: slot + 1 })?.lastMs ?? 0,
  });
  const hours = make("hour", Math.max(wholeSince, hoursSinceMs));
  if (!groupBy.includes("hour")) return [make("day", wholeSince), hours];
  // Before the oldest row there is nothing, so that nothing is missing.
  const missingMs = Math.min(toMs, hoursSinceMs) - Math.max(fromMs, wholeSince);
  return missingMs > MAX_HOURLY_MS ? null : [hours];
}

/** The shortest that are kept: where rows of the edge are, they have sums. */
function slotsAround({ fromMs, toMs }: Span, { hoursSince }: RollupState): Slots {
  const unit = Math.floor(fromMs / HOUR_MS) >= hoursSince ? "hour" : "day";
  return { unit, from: Math.floor(fromMs / UNIT_MS[unit]), to: Math.ceil(toMs / UNIT_MS[unit]) };
}

/** What it is grouped by, time left out; null: the question is by something else. */
function whoColumns(query: SpendQuery): readonly WhoColumn[] | null {
  const { atLeast, endsRequest, groupBy, timeZone, where } = query;
  if (atLeast !== undefined || endsRequest === true) return null;
  if (groupBy.some(isUnit) && timeZone !== "UTC") return null;
  const named = groupBy.filter((group) => !isUnit(group));
  const all = [...named, ...Object.keys(where)];
  return all.every(isWhoColumn) ? named.filter(isWhoColumn) : null;
}

function isUnit(group: SpendGroup): group is RollupUnit {
  return ROLLUP_UNITS.some((unit) => unit === group);
}

/** Sums by what is asked for, each at a place of its own. */
class Groups {
  readonly #query: SpendQuery;
  readonly #columns: readonly WhoColumn[];
  readonly #table = new SumTable();
  /** By values, and the step where time is asked for. */
  readonly #places = new Map<string, number>();
  /** By place. */
  readonly #keys: { readonly values: readonly (string | null)[]; readonly step: number }[] = [];
  /** Of a step: the shortest unit that is asked for. 0: time is not. */
  readonly #stepMs: number;

  constructor(query: SpendQuery, columns: readonly WhoColumn[]) {
    this.#query = query;
    this.#columns = columns;
    const units = query.groupBy.filter(isUnit).map((unit) => UNIT_MS[unit]);
    this.#stepMs = units.length === 0 ? 0 : Math.min(...units);
  }

  /** @returns false: a sum is of somebody who is not known, so that nothing of this can be believed */
  addSlots(sums: Orm, who: WhoTable, slots: Slots): boolean {
    const groupOf = this.#groupsByWho(who);
    let places = new Map<number, number>();
    for (const slot of readSlots(sums, slots)) {
      const step = this.#stepOf(slot.slot * UNIT_MS[slot.unit]);
      if (this.#stepMs > 0) places = new Map();
      for (const part of readParts(sums, slot)) {
        const cells = decodeCells(part);
        const at = new Int32Array(cells.who.length);
        for (let cell = 0; cell < at.length; cell++) {
          const group = groupOf.of(cells.who[cell] ?? 0);
          if (group === null) return false;
          at[cell] = group < 0 ? -1 : this.#placeOfGroup(groupOf, places, group, step);
        }
        this.#table.addCells(at, cells);
      }
    }
    return true;
  }

  #stepOf(timeMs: number): number {
    return this.#stepMs === 0 ? 0 : Math.floor(timeMs / this.#stepMs);
  }

  #placeOfGroup(
    groupOf: WhoGroups,
    places: Map<number, number>,
    group: number,
    step: number,
  ): number {
    const known = places.get(group);
    if (known !== undefined) return known;
    const place = this.#place(groupOf.valuesOf(group), step);
    places.set(group, place);
    return place;
  }

  #place(values: readonly (string | null)[], step: number): number {
    const text = JSON.stringify([step, ...values]);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.#keys.length);
    return this.#keys.push({ values, step }) - 1;
  }

  #groupsByWho(who: WhoTable): WhoGroups {
    const wanted = Object.entries(this.#query.where).flatMap(([name, value]) =>
      isWhoColumn(name) ? [{ column: who.column(name), value: toText(value) }] : [],
    );
    const columns = this.#columns.map((name) => who.column(name));
    // Somebody's being known is told by any column.
    return new WhoGroups(columns, wanted, who.column("outcome"));
  }

  /** Rows of the span for which the condition holds. */
  addLedger(orm: Orm, span: Span, condition: SQL): void {
    const query = { ...this.#query, fromMs: span.fromMs, toMs: span.toMs };
    const keys = this.#columns.map((name) => groupKey(name, query));
    const named = Object.fromEntries(
      keys.map((key, at) => [`key${at}`, sql<string | null>`${key}`.as(`key${at}`)]),
    );
    const step =
      this.#stepMs === 0
        ? sql<number>`0`
        : sql<number>`${ledger.timeMs} / ${sql.raw(String(this.#stepMs))}`;
    const rows = orm
      .select({ step: step.as("step"), ...named, ...SUMS, lastMs: max(ledger.timeMs) })
      .from(ledger)
      .where(and(condition, inTime(query), filters(query)))
      .groupBy(...["step", ...keys].map((_, at) => sql.raw(String(at + 1))))
      .all();
    for (const row of rows) {
      // The columns are those selected above: the keys, then the sums.
      const {
        step: found,
        lastMs,
        ...rest
      } = row as unknown as SumsRow & {
        step: number;
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
    const slotOf = (unit: RollupUnit, step = 0) =>
      Math.floor((step * this.#stepMs) / UNIT_MS[unit]);
    let at = 0;
    for (const group of this.#query.groupBy) {
      const order = isUnit(group)
        ? slotOf(group, one?.step) - slotOf(group, other?.step)
        : compareText(one?.values[at] ?? null, other?.values[at++] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  }

  /** In the order of what is grouped by. */
  #namesOf(place: number): (string | null)[] {
    const { values = [], step = 0 } = this.#keys[place] ?? {};
    let at = 0;
    return this.#query.groupBy.map((group) =>
      isUnit(group) ? nameOf(group, step * this.#stepMs) : (values[at++] ?? null),
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

/** As `groupKey` has it. */
function nameOf(unit: RollupUnit, timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, unit === "day" ? 10 : 13);
}
