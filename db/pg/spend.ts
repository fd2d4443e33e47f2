/** Sums over the ledger. NUMERIC sums are exact, however large; they come as text. */
import { and, desc, max, min, sql, type SQL } from "drizzle-orm";
import { isMetadataValue } from "../metadata-value.ts";
import { ledger } from "../schema/pg.ts";
import type { SpendGroup, SpendGroupRow, SpendQuery, SpendReport, SpendSums } from "../store.ts";
import { stretches } from "../time-zone.ts";
import type { Orm } from "./database.ts";
import { COLUMNS, filters, inKeyRange, inTime, metadataValue, model } from "./where.ts";

const isEstimated = sql`${ledger.usageSource} = 'estimated'`;
const total = (column: SQL) => sql`coalesce(sum(${column}), 0)`;
const count = (column: SQL) => sql`${total(column)}`.mapWith(Number);
const money = (column: SQL) => sql`${total(column)}`.mapWith(BigInt);

export const SUMS = {
  rows: sql`count(*)`.mapWith(Number),
  inputTokens: count(sql`${ledger.inputTokens}`),
  cachedInputTokens: count(sql`${ledger.cachedInputTokens}`),
  cacheWriteTokens: count(sql`${ledger.cacheWriteTokens}`),
  outputTokens: count(sql`${ledger.outputTokens}`),
  reasoningTokens: count(sql`${ledger.reasoningTokens}`),
  costPicoUsd: money(sql`${ledger.costPicoUsd}`),
  estimatedCostPicoUsd: money(sql`case when ${isEstimated} then ${ledger.costPicoUsd} end`),
  estimatedRows: count(sql`case when ${isEstimated} then 1 end`),
  unpricedRows: count(sql`case when ${ledger.unpriced} then 1 end`),
  savedInputTokens: count(sql`${ledger.savedInputTokens}`),
  savedPicoUsd: money(sql`${ledger.savedPicoUsd}`),
} satisfies Record<keyof SpendSums, SQL>;

/** Reads the range once for the totals and once for the groups: within one snapshot, so that both are of the same rows. */
export async function readSpend(tx: Orm, query: SpendQuery): Promise<SpendReport> {
  const where = and(inKeyRange(query), inTime(query), filters(query));
  const [found] = await tx
    .select({ ...SUMS, firstMs: min(ledger.timeMs), lastMs: max(ledger.timeMs) })
    .from(ledger)
    .where(where);
  if (found === undefined) throw new Error("an aggregate has one row");
  const { firstMs, lastMs, ...totals } = found;
  if (firstMs === null || lastMs === null || query.groupBy.length === 0) {
    return { totals, groups: [] };
  }
  // However wide the question, a time zone's changes are looked for where there are rows.
  const seen = { ...query, fromMs: firstMs, toMs: lastMs + 1 };
  return { totals, groups: await readGroups(tx, seen, where) };
}

async function readGroups(
  tx: Orm,
  query: SpendQuery,
  where: SQL | undefined,
): Promise<SpendGroupRow[]> {
  const keys = query.groupBy.map((group) => groupKey(group, query));
  const selected = Object.fromEntries(
    keys.map((key, at) => [`key${at}`, sql<string | null>`${key}`.as(`key${at}`)]),
  );
  const rows = await tx
    .select({ ...selected, ...SUMS, lastMs: max(ledger.timeMs) })
    .from(ledger)
    .where(where)
    .groupBy(...keys.map((_, at) => sql.raw(`${at + 1}`)))
    .orderBy(
      desc(total(sql`${ledger.costPicoUsd}`)),
      desc(sql`count(*)`),
      ...keys.map((key) => sql`${key} collate "C" nulls first`),
    )
    .limit(query.limit);
  return rows.map((row) => {
    // The columns are those selected above: the keys, then the sums.
    const values = row as unknown as SpendSums & { lastMs: number } & Record<string, string | null>;
    const { lastMs } = values;
    const key = Object.fromEntries(
      query.groupBy.map((group, at) => [group, values[`key${at}`] ?? null]),
    );
    const sums = Object.fromEntries(
      Object.keys(SUMS).map((name) => [name, values[name]]),
    ) as unknown as SpendSums;
    return { key, lastMs, ...sums };
  });
}

/** The value that rows are put together by. */
function groupKey(group: SpendGroup, query: SpendQuery): SQL {
  if (group === "model") return model;
  if (group === "day") return localTime(query, "YYYY-MM-DD");
  if (group === "hour") return localTime(query, 'YYYY-MM-DD"T"HH24');
  return isMetadataValue(group) ? metadataValue(group) : sql`${COLUMNS[group]}`;
}

/** By the offsets that the gateway knows, so that both databases mean the same day. */
function localTime(query: SpendQuery, format: string): SQL {
  const parts = stretches(query.timeZone, query.fromMs, query.toMs).map(({ untilMs, offsetMs }) =>
    untilMs === Infinity
      ? sql.raw(`else ${offsetMs}`)
      : sql`when ${ledger.timeMs} < ${sql.raw(String(untilMs))} then ${sql.raw(String(offsetMs))}`,
  );
  // A CASE needs one WHEN, also where the offset never changes.
  const offset = sql`case when false then 0 ${sql.join(parts, sql` `)} end`;
  return sql`to_char(to_timestamp((${ledger.timeMs} + ${offset}) / 1000) at time zone 'UTC', ${sql.raw(`'${format}'`)})`;
}
