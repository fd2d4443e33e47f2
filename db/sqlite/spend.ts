/** Sums over the ledger. Money is summed in two halves, since a 64-bit sum of pico-dollars ends at nine million dollars. */
import { and, desc, max, min, sql, type SQL } from "drizzle-orm";
import { isMetadataValue } from "../metadata-value.ts";
import { ledger } from "../schema/sqlite.ts";
import type { SpendGroup, SpendGroupRow, SpendQuery, SpendReport, SpendSums } from "../store.ts";
import type { Orm } from "./database.ts";
import { joinMoney, moneyOrder, moneySum } from "./money.ts";
import { stretches } from "../time-zone.ts";
import { COLUMNS, filters, inKeyRange, inTime, metadataValue, model } from "./where.ts";

const isEstimated = sql`${ledger.usageSource} = 'estimated'`;
const cost = moneySum(sql`${ledger.costPicoUsd}`);
const estimated = moneySum(sql`case when ${isEstimated} then ${ledger.costPicoUsd} else 0 end`);
const saved = moneySum(sql`${ledger.savedPicoUsd}`);
const total = (column: SQL) => sql<number>`coalesce(sum(${column}), 0)`;

export const SUMS = {
  rows: sql<number>`count(*)`,
  inputTokens: total(sql`${ledger.inputTokens}`),
  cachedInputTokens: total(sql`${ledger.cachedInputTokens}`),
  cacheWriteTokens: total(sql`${ledger.cacheWriteTokens}`),
  outputTokens: total(sql`${ledger.outputTokens}`),
  reasoningTokens: total(sql`${ledger.reasoningTokens}`),
  costHigh: cost.high,
  costLow: cost.low,
  estimatedHigh: estimated.high,
  estimatedLow: estimated.low,
  estimatedRows: total(isEstimated),
  unpricedRows: total(sql`${ledger.unpriced}`),
  savedInputTokens: total(sql`${ledger.savedInputTokens}`),
  savedHigh: saved.high,
  savedLow: saved.low,
};

export interface SumsRow {
  readonly rows: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costHigh: string;
  readonly costLow: string;
  readonly estimatedHigh: string;
  readonly estimatedLow: string;
  readonly estimatedRows: number;
  readonly unpricedRows: number;
  readonly savedInputTokens: number;
  readonly savedHigh: string;
  readonly savedLow: string;
}

/** Reads the range once for the totals and once for the groups. */
export function readSpend(orm: Orm, query: SpendQuery): SpendReport {
  const where = and(inKeyRange(query), inTime(query), filters(query));
  const [totals] = orm
    .select({ ...SUMS, firstMs: min(ledger.timeMs), lastMs: max(ledger.timeMs) })
    .from(ledger)
    .where(where)
    .all();
  if (totals === undefined || totals.firstMs === null || totals.lastMs === null) {
    return { totals: NOTHING, groups: [] };
  }
  // However wide the question, a time zone's changes are looked for where there are rows.
  const seen = { ...query, fromMs: totals.firstMs, toMs: totals.lastMs + 1 };
  return {
    totals: toSums(totals),
    groups: query.groupBy.length === 0 ? [] : readGroups(orm, seen, where),
  };
}

function readGroups(orm: Orm, query: SpendQuery, where: SQL | undefined): SpendGroupRow[] {
  const keys = query.groupBy.map((group) => groupKey(group, query));
  const selected = Object.fromEntries(
    keys.map((key, at) => [`key${at}`, sql<string | null>`${key}`.as(`key${at}`)]),
  );
  return orm
    .select({ ...selected, ...SUMS, lastMs: max(ledger.timeMs) })
    .from(ledger)
    .where(where)
    .groupBy(...keys.map((_, at) => sql.raw(`${at + 1}`)))
    .orderBy(
      ...moneyOrder(sql`${ledger.costPicoUsd}`).map((part) => desc(part)),
      desc(sql`count(*)`),
      ...keys.map((_, at) => sql.raw(`${at + 1}`)),
    )
    .limit(query.limit)
    .all()
    .map((row) => {
      // The columns are those selected above: the keys, then the sums.
      const values = row as unknown as SumsRow & { lastMs: number } & Record<string, string | null>;
      const key = Object.fromEntries(
        query.groupBy.map((group, at) => [group, values[`key${at}`] ?? null]),
      );
      return { key, lastMs: values.lastMs, ...toSums(values) };
    });
}

/** The value that rows are put together by. */
export function groupKey(group: SpendGroup, query: SpendQuery): SQL {
  if (group === "model") return model;
  if (group === "day") return localTime(query, "%Y-%m-%d");
  if (group === "hour") return localTime(query, "%Y-%m-%dT%H");
  return isMetadataValue(group) ? metadataValue(group) : sql`${COLUMNS[group]}`;
}

function localTime(query: SpendQuery, format: string): SQL {
  const parts = stretches(query.timeZone, query.fromMs, query.toMs).map(({ untilMs, offsetMs }) =>
    untilMs === Infinity
      ? sql.raw(`else ${offsetMs}`)
      : sql`when ${ledger.timeMs} < ${sql.raw(String(untilMs))} then ${sql.raw(String(offsetMs))}`,
  );
  // A CASE needs one WHEN, also where the offset never changes.
  const offset = sql`case when false then 0 ${sql.join(parts, sql` `)} end`;
  return sql`strftime(${format}, (${ledger.timeMs} + ${offset}) / 1000, 'unixepoch')`;
}

export const NOTHING: SpendSums = {
  rows: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costPicoUsd: 0n,
  estimatedCostPicoUsd: 0n,
  estimatedRows: 0,
  unpricedRows: 0,
  savedInputTokens: 0,
  savedPicoUsd: 0n,
};

export function toSums(row: SumsRow): SpendSums {
  return {
    rows: row.rows,
    inputTokens: row.inputTokens,
    cachedInputTokens: row.cachedInputTokens,
    cacheWriteTokens: row.cacheWriteTokens,
    outputTokens: row.outputTokens,
    reasoningTokens: row.reasoningTokens,
    costPicoUsd: joinMoney(row.costHigh, row.costLow),
    estimatedCostPicoUsd: joinMoney(row.estimatedHigh, row.estimatedLow),
    estimatedRows: row.estimatedRows,
    unpricedRows: row.unpricedRows,
    savedInputTokens: row.savedInputTokens,
    savedPicoUsd: joinMoney(row.savedHigh, row.savedLow),
  };
}
