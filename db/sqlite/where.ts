/** Filters of a ledger query as SQL conditions. */
import { and, gte, isNull, lt, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { isMetadataValue, metadataKey } from "../metadata-value.ts";
import { ledger } from "../schema/sqlite.ts";
import type { LedgerFilter, LedgerQuery, MetadataValue } from "../store.ts";
import { SLACK_MS, traceIdAt } from "../trace-time.ts";

/** By what the ledger is filtered and grouped. */
export const COLUMNS: Readonly<Record<LedgerFilter, SQLiteColumn>> = {
  user: ledger.user,
  team: ledger.team,
  session: ledger.session,
  key_id: ledger.keyId,
  credential: ledger.credential,
  attribution: ledger.attribution,
  provider: ledger.provider,
  model_requested: ledger.modelRequested,
  model_served: ledger.modelServed,
  endpoint: ledger.endpoint,
  dialect: ledger.dialect,
  outcome: ledger.outcome,
  status: ledger.status,
  usage_source: ledger.usageSource,
  trace_id: ledger.traceId,
  stream: ledger.stream,
  unpriced: ledger.unpriced,
};

/** What was served, or asked for where nothing was served. */
export const model = sql<string | null>`coalesce(${ledger.modelServed}, ${ledger.modelRequested})`;

/** The value of one key of the metadata; null where a row has none. */
export function metadataValue(name: MetadataValue): SQL<string | null> {
  return sql`json_extract(${ledger.metadata}, ${`$."${metadataKey(name)}"`})`;
}

type Span = Pick<LedgerQuery, "fromMs" | "toMs">;

/** Rows of the range lie in this part of the table. It only bounds what is read; `inTime` decides. */
export function inKeyRange({ fromMs, toMs }: Span): SQL | undefined {
  return and(
    gte(ledger.traceId, traceIdAt(fromMs - SLACK_MS)),
    lt(ledger.traceId, traceIdAt(toMs + SLACK_MS)),
  );
}

export function inTime({ fromMs, toMs }: Span): SQL | undefined {
  return and(gte(ledger.timeMs, fromMs), lt(ledger.timeMs, toMs));
}

/** All of them hold. */
export function filters(query: LedgerQuery): SQL | undefined {
  const conditions = Object.entries(query.where).map(([name, value]) => {
    // The port's type allows these names only.
    const column = isMetadataValue(name)
      ? metadataValue(name)
      : name === "model"
        ? model
        : COLUMNS[name as LedgerFilter];
    return value === null || value === undefined
      ? isNull(column)
      : sql`${column} = ${toSql(value)}`;
  });
  const { latencyMs, costPicoUsd } = query.atLeast ?? {};
  if (latencyMs !== undefined) conditions.push(gte(ledger.latencyMs, latencyMs));
  if (costPicoUsd !== undefined) {
    // As text: a driver would round what is above 2^53.
    conditions.push(sql`${ledger.costPicoUsd} >= cast(${String(costPicoUsd)} as integer)`);
  }
  if (query.endsRequest === true) {
    conditions.push(sql`(${ledger.status} is not null or ${ledger.outcome} = 'crashed')`);
  }
  return and(...conditions);
}

function toSql(value: string | number | boolean): string | number {
  return typeof value === "boolean" ? Number(value) : value;
}
