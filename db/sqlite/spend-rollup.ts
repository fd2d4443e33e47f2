/**
 * Spend of many days out of the ledger's sums by day: whole days from there, the edges of the range and what came since from the ledger
 * itself. The same answer as `spend.ts`, sooner.
 */
import { Buffer } from "node:buffer";
import { and, asc, gt, gte, lt, max, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { ROLLUP_DIMENSIONS, spendDay, type RollupDimension } from "../schema/rollup.ts";
import { ledger } from "../schema/sqlite.ts";
import type { SpendGroup, SpendGroupRow, SpendQuery, SpendReport, SpendSums } from "../store.ts";
import type { Orm } from "./database.ts";
import { readEpoch } from "./epoch.ts";
import { DAY_MS, readState } from "./rollup.ts";
import { groupKey, NOTHING, SUMS, toSums, type SumsRow } from "./spend.ts";
import { filters, inKeyRange, inTime } from "./where.ts";

/** Days of which the sums are used, at least: for fewer the ledger is as quick. */
const MIN_DAYS = 2;

interface Found {
  readonly value: string | null;
  readonly day: number;
  readonly sums: SpendSums;
  readonly lastMs: number;
}

/** Null: the sums can't answer it, or not yet. */
export function readRolledUp(rollup: Orm, orm: Orm, query: SpendQuery): SpendReport | null {
  const dimension = dimensionOf(query);
  if (dimension === null) return null;
  const state = readState(rollup);
  if (state === null || state.epoch !== readEpoch(orm)) return null;
  // Of days before the oldest row some may have been deleted.
  const floor = Math.max(query.fromMs, oldestMs(orm));
  const [from, to] = [Math.ceil(floor / DAY_MS), Math.floor(query.toMs / DAY_MS)];
  if (to - from < MIN_DAYS) return null;
  const edge = (fromMs: number, toMs: number, since?: SQL) =>
    fromMs >= toMs ? [] : readEdge(orm, dimension, { ...query, fromMs, toMs }, since);
  const found = [
    ...readDays(rollup, dimension, query, from, to),
    ...edge(query.fromMs, from * DAY_MS),
    ...edge(to * DAY_MS, query.toMs),
    ...edge(from * DAY_MS, to * DAY_MS, gt(ledger.id, state.rowId)),
  ];
  return report(query, found);
}

/** What the question is put by: one dimension, and the day; null: something else. */
function dimensionOf({
  groupBy,
  where,
  timeZone,
  atLeast,
  endsRequest,
}: SpendQuery): RollupDimension | null {
  if (atLeast !== undefined || endsRequest === true) return null;
  if (groupBy.includes("day") && timeZone !== "UTC") return null;
  const named = new Set<string>([
    ...groupBy.filter((group) => group !== "day"),
    ...Object.keys(where),
  ]);
  if (named.size > 1) return null;
  const [name = ""] = named;
  return ROLLUP_DIMENSIONS.find((dimension) => dimension === name) ?? null;
}

function oldestMs(orm: Orm): number {
  const [row] = orm
    .select({ timeMs: ledger.timeMs })
    .from(ledger)
    .orderBy(asc(ledger.traceId))
    .limit(1)
    .all();
  return row?.timeMs ?? 0;
}

function readDays(
  rollup: Orm,
  dimension: RollupDimension,
  query: SpendQuery,
  from: number,
  to: number,
): Found[] {
  const wanted = Object.values(query.where);
  // Summed by the database where no day is asked for: what is not handed over costs nothing.
  const isDaily = query.groupBy.includes("day");
  const total = (column: SQLiteColumn) => (isDaily ? sql`${column}` : sql`sum(${column})`);
  const count = (column: SQLiteColumn) => sql<number>`${total(column)}`;
  const money = (column: SQLiteColumn) => sql<string>`cast(${total(column)} as text)`;
  return rollup
    .select({
      day: isDaily ? sql<number>`${spendDay.day}` : sql<number>`0`,
      value: spendDay.value,
      rows: count(spendDay.rows),
      inputTokens: count(spendDay.inputTokens),
      cachedInputTokens: count(spendDay.cachedInputTokens),
      cacheWriteTokens: count(spendDay.cacheWriteTokens),
      outputTokens: count(spendDay.outputTokens),
      reasoningTokens: count(spendDay.reasoningTokens),
      costHigh: money(spendDay.costHigh),
      costLow: money(spendDay.costLow),
      estimatedHigh: money(spendDay.estimatedHigh),
      estimatedLow: money(spendDay.estimatedLow),
      estimatedRows: count(spendDay.estimatedRows),
      unpricedRows: count(spendDay.unpricedRows),
      savedInputTokens: count(spendDay.savedInputTokens),
      savedHigh: money(spendDay.savedHigh),
      savedLow: money(spendDay.savedLow),
      lastMs: isDaily ? sql<number>`${spendDay.lastMs}` : sql<number>`max(${spendDay.lastMs})`,
    })
    .from(spendDay)
    .where(
      and(
        sql`${spendDay.dimension} = ${dimension}`,
        gte(spendDay.day, from),
        lt(spendDay.day, to),
        wanted.length === 0 ? undefined : sql`${spendDay.value} = ${String(wanted[0] ?? "")}`,
      ),
    )
    .groupBy(...(isDaily ? [spendDay.day, spendDay.value] : [spendDay.value]))
    .all()
    .map(({ day, value, lastMs, ...row }) => ({
      day,
      value: value === "" ? null : value,
      lastMs,
      sums: toSums(row),
    }));
}

function readEdge(orm: Orm, dimension: RollupDimension, query: SpendQuery, since?: SQL): Found[] {
  const value = dimension === "" ? sql`null` : groupKey(dimension, query);
  return orm
    .select({
      day: sql<number>`${ledger.timeMs} / ${sql.raw(String(DAY_MS))}`.as("day"),
      value: sql<string | null>`${value}`.as("value"),
      ...SUMS,
      lastMs: max(ledger.timeMs),
    })
    .from(ledger)
    .where(and(since ?? inKeyRange(query), inTime(query), filters(query)))
    .groupBy(sql.raw("1"), sql.raw("2"))
    .all()
    .map(({ day, value: found, lastMs, ...row }) => ({
      day,
      value: found,
      lastMs: lastMs ?? 0,
      sums: toSums(row satisfies SumsRow),
    }));
}

function report(query: SpendQuery, found: readonly Found[]): SpendReport {
  const totals = found.reduce((sum, each) => addSums(sum, each.sums), NOTHING);
  if (query.groupBy.length === 0) return { totals, groups: [] };
  const groups = new Map<string, SpendGroupRow>();
  for (const { day, value, sums, lastMs } of found) {
    const key = Object.fromEntries(
      query.groupBy.map((group) => [group, group === "day" ? dayName(day) : value]),
    );
    const place = JSON.stringify(key);
    const known = groups.get(place);
    groups.set(place, {
      key,
      ...addSums(known ?? NOTHING, sums),
      lastMs: Math.max(known?.lastMs ?? 0, lastMs),
    });
  }
  const sorted = [...groups.values()].sort((a, b) => compare(query.groupBy, a, b));
  return { totals, groups: sorted.slice(0, query.limit) };
}

/** As `ORDER BY` does: the costliest first, then most rows, then by name, none before any. */
function compare(groupBy: readonly SpendGroup[], a: SpendGroupRow, b: SpendGroupRow): number {
  if (a.costPicoUsd !== b.costPicoUsd) return a.costPicoUsd < b.costPicoUsd ? 1 : -1;
  if (a.rows !== b.rows) return b.rows - a.rows;
  for (const group of groupBy) {
    const [one, other] = [a.key[group] ?? null, b.key[group] ?? null];
    if (one === other) continue;
    if (one === null || other === null) return one === null ? -1 : 1;
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  }
  return 0;
}

function addSums(a: SpendSums, b: SpendSums): SpendSums {
  return {
    rows: a.rows + b.rows,
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    costPicoUsd: a.costPicoUsd + b.costPicoUsd,
    estimatedCostPicoUsd: a.estimatedCostPicoUsd + b.estimatedCostPicoUsd,
    estimatedRows: a.estimatedRows + b.estimatedRows,
    unpricedRows: a.unpricedRows + b.unpricedRows,
    savedInputTokens: a.savedInputTokens + b.savedInputTokens,
    savedPicoUsd: a.savedPicoUsd + b.savedPicoUsd,
  };
}

function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
