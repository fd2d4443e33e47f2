/** Traces, spans and what is known of content, as the admin API shows them. */
import { t } from "elysia";
import { Buffer } from "node:buffer";
import type { ContentRow, LedgerRow } from "../../../db/store.ts";
import { envelopeIn } from "../../encryption/envelope.ts";
import { isoTime } from "../../iso-time.ts";
import { formatPicoUsd } from "../../money.ts";
import { readCallerSpan } from "../../traces/caller-span.ts";
import type { StoredSpan } from "../../traces/read/stored-span.ts";

const Name = t.Union([t.String(), t.Null()]);
const Count = t.Integer({ minimum: 0 });
const Whole = t.Union([t.Integer(), t.Null()]);

export const TraceSummary = t.Object({
  id: t.String({ description: "Of the ledger's row that ends it; `after` of `/admin/live`" }),
  trace_id: t.String(),
  time: t.String({ format: "date-time" }),
  attempts: t.Integer({ minimum: 0, description: "0: refused before any" }),
  user: Name,
  team: Name,
  session: Name,
  key_id: t.String(),
  endpoint: t.String(),
  provider: Name,
  model: Name,
  stream: t.Boolean(),
  status: Whole,
  outcome: t.String(),
  input_tokens: Count,
  output_tokens: Count,
  cost_usd: Name,
  latency_ms: Whole,
  ttfb_ms: Whole,
});

/** @param row that ends the request */
export function toSummary(row: LedgerRow): typeof TraceSummary.static {
  return {
    id: row.id,
    trace_id: row.traceId,
    time: new Date(row.timeMs).toISOString(),
    attempts: row.attempt,
    user: row.user,
    team: row.team,
    session: row.session,
    key_id: row.keyId,
    endpoint: row.endpoint,
    provider: row.provider,
    model: row.modelServed ?? row.modelRequested,
    stream: row.stream,
    status: row.status,
    outcome: row.outcome,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cost_usd: row.costPicoUsd === null ? null : formatPicoUsd(row.costPicoUsd),
    latency_ms: row.latencyMs,
    ttfb_ms: row.ttfbMs,
  };
}

const Time = t.Union([t.String({ format: "date-time" }), t.Null()]);

export const SpanRecord = t.Object({
  span_id: t.String(),
  parent_span_id: Name,
  name: t.String(),
  kind: t.String({ description: "server | client | other" }),
  start: Time,
  end: Time,
  is_error: t.Boolean(),
  attributes: t.Object({}, { additionalProperties: true }),
});

/** A span, ours or a back end's. Its content is told of by `ContentFacts`, and not given out. */
export function toSpanJson(span: StoredSpan) {
  const attributes = [...span.attributes].filter(([name]) => !name.startsWith("anyray.content."));
  return {
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    name: span.name,
    kind: span.kind,
    start: isoTime(span.startMs),
    end: isoTime(span.endMs),
    is_error: span.isError,
    attributes: Object.fromEntries(attributes),
  };
}

export const CallerSpanRecord = t.Union(
  [
    t.Object({
      trace_id: t.String(),
      span_id: t.String(),
      use: t.String({ description: "link | parent: then the spans are part of that trace" }),
    }),
    t.Null(),
  ],
  { description: "The span that the caller's `traceparent` named" },
);

export function toCallerJson(kept: string | null): typeof CallerSpanRecord.static {
  const caller = readCallerSpan(kept);
  if (caller === null) return null;
  return { trace_id: caller.traceId, span_id: caller.spanId, use: caller.use };
}

export const ContentFacts = t.Object({
  field: t.String({ description: "input | output" }),
  mode: t.String({ description: "encrypted | plaintext" }),
  state: t.String({ description: "inline | object | omitted" }),
  reason: t.Union([t.String(), t.Null()], {
    description: "Why it was left out; `unreadable`: what is stored is no envelope",
  }),
  bytes: t.Integer({ minimum: 0, description: "Sealed" }),
  sha256: t.Union([t.String(), t.Null()]),
  object: t.Union([t.String(), t.Null()], { description: "Below the content directory" }),
  version: t.Union([t.Integer(), t.Null()]),
  kid: Name,
  subject: t.Union([t.String(), t.Null()], { description: "Handle" }),
  is_cut: t.Union([t.Boolean(), t.Null()], { description: "The answer was broken off" }),
  ciphertext: t.Union([t.String(), t.Null()], { description: "The first bytes, in hex" }),
});

const SHOWN_BYTES = 16;

/** Of an object only what its row says: it is not read. */
export function toContentFacts({ field, mode, content }: ContentRow): typeof ContentFacts.static {
  const unknown = {
    field,
    mode,
    state: content.state,
    reason: null,
    bytes: 0,
    sha256: null,
    object: null,
    version: null,
    kid: null,
    subject: null,
    is_cut: null,
    ciphertext: null,
  };
  if (content.state === "omitted") return { ...unknown, reason: content.reason };
  if (content.state === "object") {
    const { object, sizeBytes, sha256 } = content;
    return { ...unknown, object, sha256, bytes: sizeBytes };
  }
  const stored = { ...unknown, sha256: content.sha256, bytes: content.envelope.length };
  const envelope = envelopeIn(content.envelope);
  if (envelope === null) return { ...stored, reason: "unreadable" };
  const { head, body } = envelope;
  const isSealed = head.kind === "sealed";
  return {
    ...stored,
    version: 1,
    kid: isSealed ? head.kid : null,
    subject: head.handle,
    is_cut: head.isCut,
    // What is not sealed has no ciphertext to show.
    ciphertext: isSealed ? Buffer.from(body.subarray(0, SHOWN_BYTES)).toString("hex") : null,
  };
}
