/** Ledger rows and sums as the admin API shows them: snake case, money in decimal strings, times in RFC 3339. */
import { t } from "elysia";
import {
  SPEND_GROUPS,
  type LedgerRow,
  type SessionRow,
  type SpendGroupRow,
  type SpendSums,
} from "../../../db/store.ts";
import { decodeMetadata } from "../../kept-metadata.ts";
import { formatPicoUsd } from "../../money.ts";
import { schemaEach } from "./schema-each.ts";

const Name = t.Union([t.String(), t.Null()]);
const Count = t.Integer({ minimum: 0 });
const Millis = t.Union([t.Integer(), t.Null()], { description: "Milliseconds" });
const Usd = t.String({
  description: "US dollars, 12 digits behind the point",
  pattern: "^-?\\d+\\.\\d{12}$",
});

export const LedgerRecord = t.Object({
  id: t.String({ description: "UUIDv7" }),
  time: t.String({ format: "date-time" }),
  trace_id: t.String({ description: "32 hex digits" }),
  attempt: Count,
  session: Name,
  user: Name,
  team: Name,
  attribution: t.String({ description: "key | header | none" }),
  key_id: t.String(),
  credential: t.String({ description: "managed | passthrough" }),
  endpoint: t.String(),
  dialect: t.String(),
  provider: Name,
  model_requested: Name,
  model_served: Name,
  stream: t.Boolean(),
  input_tokens: t.Integer({ minimum: 0, description: "Cached and cache-written tokens included" }),
  cached_input_tokens: Count,
  cache_write_tokens: Count,
  cache_write_1h_tokens: t.Integer({ minimum: 0, description: "Part of cache_write_tokens" }),
  output_tokens: t.Integer({ minimum: 0, description: "Reasoning included" }),
  reasoning_tokens: Count,
  service_tier: Name,
  usage_source: t.String({ description: "provider | estimated | none" }),
  cost_usd: t.Union([Usd, t.Null()], { description: "Null when unpriced" }),
  price_version: Name,
  unpriced: t.Boolean(),
  latency_ms: Millis,
  ttfb_ms: Millis,
  status: t.Union([t.Integer(), t.Null()], {
    description: "What the client got; 499 aborted, null crashed",
  }),
  upstream_status: t.Union([t.Integer(), t.Null()]),
  outcome: t.String({
    description: "ok | aborted | cut | upstream_error | timeout | refused | crashed",
  }),
  saved_input_tokens: Count,
  saved_usd: Usd,
  metadata: t.Record(t.String(), t.String(), {
    description: "Of `x-anyray-metadata`, what ANYRAY_METADATA_KEYS named at the time",
  }),
});
export type LedgerRecord = typeof LedgerRecord.static;

export function toLedgerRecord(row: LedgerRow): LedgerRecord {
  return {
    id: row.id,
    time: new Date(row.timeMs).toISOString(),
    trace_id: row.traceId,
    attempt: row.attempt,
    session: row.session,
    user: row.user,
    team: row.team,
    attribution: row.attribution,
    key_id: row.keyId,
    credential: row.credential,
    endpoint: row.endpoint,
    dialect: row.dialect,
    provider: row.provider,
    model_requested: row.modelRequested,
    model_served: row.modelServed,
    stream: row.stream,
    input_tokens: row.inputTokens,
    cached_input_tokens: row.cachedInputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    cache_write_1h_tokens: row.cacheWrite1hTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    service_tier: row.serviceTier,
    usage_source: row.usageSource,
    cost_usd: row.costPicoUsd === null ? null : formatPicoUsd(row.costPicoUsd),
    price_version: row.priceVersion,
    unpriced: row.unpriced,
    latency_ms: row.latencyMs,
    ttfb_ms: row.ttfbMs,
    status: row.status,
    upstream_status: row.upstreamStatus,
    outcome: row.outcome,
    saved_input_tokens: row.savedInputTokens,
    saved_usd: formatPicoUsd(row.savedPicoUsd),
    metadata: decodeMetadata(row.metadata),
  };
}

const sums = {
  requests: t.Integer({ minimum: 0, description: "Ledger rows: one an attempt" }),
  input_tokens: Count,
  cached_input_tokens: Count,
  cache_write_tokens: Count,
  output_tokens: Count,
  reasoning_tokens: Count,
  cost_usd: Usd,
  estimated_cost_usd: t.String({ description: "The part of cost_usd from estimated usage" }),
  estimated_requests: Count,
  unpriced_requests: Count,
  saved_input_tokens: Count,
  saved_usd: Usd,
};

export const SessionRecord = t.Object({
  session: t.Union([t.String(), t.Null()], { description: "Null: requests without one" }),
  last_at: t.String({ format: "date-time", description: "When its newest request was accepted" }),
  ...sums,
});

export function toSessionRecord(row: SessionRow): typeof SessionRecord.static {
  return {
    session: row.session,
    last_at: new Date(row.lastMs).toISOString(),
    ...toSumsJson(row),
  };
}

/** @param kept further names that spend is grouped by */
export function spendReport(kept: readonly string[]) {
  const groupKeys = {
    ...schemaEach(SPEND_GROUPS, () => t.Optional(Name)),
    ...schemaEach(kept, () => t.Optional(Name)),
  };
  return t.Object(
    {
      from: t.String({ format: "date-time" }),
      to: t.String({ format: "date-time" }),
      tz: t.String(),
      totals: t.Object(sums),
      groups: t.Array(t.Object({ ...groupKeys, ...sums })),
      group_names: t.Array(t.String(), { description: "What `group_by` takes here" }),
    },
    { description: "Totals over the range, and the groups" },
  );
}

export function toSumsJson(row: SpendSums) {
  return {
    requests: row.rows,
    input_tokens: row.inputTokens,
    cached_input_tokens: row.cachedInputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    cost_usd: formatPicoUsd(row.costPicoUsd),
    estimated_cost_usd: formatPicoUsd(row.estimatedCostPicoUsd),
    estimated_requests: row.estimatedRows,
    unpriced_requests: row.unpricedRows,
    saved_input_tokens: row.savedInputTokens,
    saved_usd: formatPicoUsd(row.savedPicoUsd),
  };
}

export function toGroupJson(row: SpendGroupRow) {
  return { ...row.key, ...toSumsJson(row) };
}
