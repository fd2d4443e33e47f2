/**
 * A trace, made of what is stored: the ledger's rows and the sealed parts. One server span a request, one client span below it an
 * attempt. Pure; nothing here has a place for free text, since a ledger row has none.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { ContentRow, LedgerRow } from "../../db/store.ts";
import { envelopeIn } from "../encryption/envelope.ts";
import { requestIdOf, requestSpanId } from "../ids.ts";
import { decodeMetadata } from "../kept-metadata.ts";
import { formatPicoUsd } from "../money.ts";
import { readCallerSpan } from "./caller-span.ts";
import type { SpanName } from "./names.ts";

export type SpanValue = string | number | boolean | readonly string[];

export interface Span {
  /** 32 lower-case hex digits: ours, or the caller's where callers are trusted. */
  readonly traceId: string;
  /** 16. */
  readonly spanId: string;
  /** Null: the root of our part of the trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: "server" | "client";
  /** ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly isError: boolean;
  /** A span of the caller's, in another trace. */
  readonly link: { readonly traceId: string; readonly spanId: string } | null;
  readonly attributes: ReadonlyMap<SpanName, SpanValue>;
}

/** `http.route` of each endpoint. */
const ROUTES: Readonly<Record<string, string>> = {
  chat: "/v1/chat/completions",
  completions: "/v1/completions",
  responses: "/v1/responses",
  embeddings: "/v1/embeddings",
  messages: "/v1/messages",
  images: "/v1/images/{path}",
  audio: "/v1/audio/{path}",
  files: "/v1/files/{path}",
  batches: "/v1/batches/{path}",
  moderations: "/v1/moderations",
  rerank: "/v1/rerank",
};

/** Endpoints with addresses of several methods: a row does not say which it was. */
const MANY_METHODS: ReadonlySet<string> = new Set(["files", "batches"]);

/** `gen_ai.operation.name` of each endpoint. */
const OPERATIONS: Readonly<Record<string, string>> = {
  chat: "chat",
  completions: "text_completion",
  responses: "chat",
  embeddings: "embeddings",
  messages: "chat",
  images: "images",
  audio: "audio",
  files: "files",
  batches: "batches",
  moderations: "moderations",
  rerank: "rerank",
};

/** The same for every reader of the same row. */
export function attemptSpanId(traceId: string, attempt: number): string {
  const id = createHash("sha256").update(`anyray/span/v1 ${traceId} ${attempt}`).digest("hex");
  return id.slice(0, 16);
}

/** The trace that a row's spans are part of. */
export function traceIdOf(row: Pick<LedgerRow, "traceId" | "callerSpan">): string {
  const caller = readCallerSpan(row.callerSpan);
  return caller?.use === "parent" ? caller.traceId : row.traceId;
}

/** A row after which the client still waited: another attempt followed, and its row ends the request. */
export function isFollowed(row: LedgerRow): boolean {
  return row.status === null && row.outcome !== "crashed";
}

/** The span of one attempt; null for a request that was refused before any. */
export function attemptSpan(row: LedgerRow): Span | null {
  if (row.attempt === 0) return null;
  const attributes = new Attributes();
  attributes.put("gen_ai.provider.name", row.provider);
  attributes.put("anyray.provider", row.provider);
  attributes.put("anyray.attempt", row.attempt);
  attributes.put("anyray.upstream_status", row.upstreamStatus);
  describe(attributes, row);
  return {
    traceId: traceIdOf(row),
    spanId: attemptSpanId(row.traceId, row.attempt),
    parentSpanId: requestSpanId(row.traceId),
    name: nameOf(row),
    kind: "client",
    ...times(row),
    isError: row.outcome !== "ok",
    link: null,
    attributes: attributes.values,
  };
}

/** The span of the request, from its last row. */
export function requestSpan(row: LedgerRow, content: readonly ContentRow[]): Span {
  const attributes = new Attributes();
  if (!MANY_METHODS.has(row.endpoint)) attributes.put("http.request.method", "POST");
  attributes.put("http.route", ROUTES[row.endpoint]);
  attributes.put("http.response.status_code", row.status);
  describe(attributes, row);
  // What was to be kept and is not there was lost, by a crash or with the thread that seals.
  const mode = row.contentMode === null || row.contentMode === "off" ? row.contentMode : "lost";
  attributes.put("anyray.content.mode", mode);
  for (const part of content) describePart(attributes, part);
  const caller = readCallerSpan(row.callerSpan);
  return {
    traceId: traceIdOf(row),
    spanId: requestSpanId(row.traceId),
    parentSpanId: caller?.use === "parent" ? caller.spanId : null,
    name: nameOf(row),
    kind: "server",
    ...times(row),
    isError: row.outcome !== "ok",
    link: caller?.use === "link" ? caller : null,
    attributes: attributes.values,
  };
}

/** `{operation} {model}`: the model as it resolved, or `other`. */
function nameOf(row: LedgerRow): string {
  return `${OPERATIONS[row.endpoint] ?? "other"} ${row.modelRequested ?? "other"}`;
}

function times(row: LedgerRow): Pick<Span, "startMs" | "endMs"> {
  return { startMs: row.timeMs, endMs: row.timeMs + (row.latencyMs ?? 0) };
}

/** What request and attempt have in common. */
function describe(attributes: Attributes, row: LedgerRow): void {
  attributes.put("anyray.request_id", requestIdOf(row.traceId));
  const isUsed = row.usageSource !== "none";
  attributes.put("gen_ai.operation.name", OPERATIONS[row.endpoint]);
  attributes.put("gen_ai.request.model", row.modelRequested);
  attributes.put("gen_ai.response.model", row.modelServed);
  attributes.put("gen_ai.request.stream", row.stream);
  attributes.put("gen_ai.conversation.id", row.session);
  if (row.stream && row.ttfbMs !== null) {
    attributes.put("gen_ai.response.time_to_first_chunk", row.ttfbMs / 1_000);
  }
  if (isUsed) {
    attributes.put("gen_ai.usage.input_tokens", row.inputTokens);
    attributes.put("gen_ai.usage.output_tokens", row.outputTokens);
    attributes.put("gen_ai.usage.cache_read.input_tokens", row.cachedInputTokens);
    attributes.put("gen_ai.usage.cache_write.input_tokens", row.cacheWriteTokens);
    attributes.put("gen_ai.usage.reasoning.output_tokens", row.reasoningTokens);
  }
  // The conventions' word for a stream that was cut.
  const finished = row.finishReason ?? (row.outcome === "cut" ? "error" : null);
  if (finished !== null) attributes.put("gen_ai.response.finish_reasons", [finished]);
  if (row.outcome !== "ok") attributes.put("error.type", row.outcome);
  attributes.put("anyray.user", row.user);
  attributes.put("anyray.team", row.team);
  for (const [key, value] of Object.entries(decodeMetadata(row.metadata))) {
    attributes.put(`anyray.metadata.${key}`, value);
  }
  attributes.put("anyray.key_id", row.keyId);
  attributes.put("anyray.attribution", row.attribution);
  attributes.put("anyray.credential", row.credential);
  attributes.put("anyray.endpoint", row.endpoint);
  attributes.put("anyray.dialect", row.dialect);
  attributes.put("anyray.model_requested", row.modelRequested);
  attributes.put("anyray.outcome", row.outcome);
  attributes.put("anyray.service_tier", row.serviceTier);
  attributes.put("anyray.ttfb_ms", row.ttfbMs);
  attributes.put("anyray.usage_source", row.usageSource);
  attributes.put("anyray.price_version", row.priceVersion);
  attributes.put("anyray.unpriced", row.unpriced);
  if (row.savedInputTokens > 0) {
    attributes.put("anyray.saved_input_tokens", row.savedInputTokens);
    attributes.put("anyray.saved_usd", formatPicoUsd(row.savedPicoUsd));
  }
  if (row.costPicoUsd !== null) attributes.put("anyray.cost_usd", formatPicoUsd(row.costPicoUsd));
}

/** What a span says of one part of content. */
export function partAttributes(part: ContentRow): ReadonlyMap<SpanName, SpanValue> {
  const attributes = new Attributes();
  describePart(attributes, part);
  return attributes.values;
}

function describePart(attributes: Attributes, { field, mode, content }: ContentRow): void {
  const name = `anyray.content.${field}` as const;
  attributes.put("anyray.content.mode", mode);
  if (content.state === "omitted") return attributes.put(`${name}.omitted`, content.reason);
  if (content.state === "object") {
    attributes.put(`${name}.sha256`, content.sha256);
    attributes.put(`${name}.ref`, content.object);
    attributes.put(`${name}.bytes`, content.sizeBytes);
    return;
  }
  const head = envelopeIn(content.envelope)?.head;
  // What the disk has spoilt must not keep all other spans back.
  if (head === undefined) return attributes.put(`${name}.omitted`, "unreadable");
  attributes.put(`${name}.sha256`, content.sha256);
  attributes.put("anyray.content.version", 1);
  attributes.put("anyray.content.subject", head.handle);
  if (head.kind === "sealed") attributes.put("anyray.content.kid", head.kid);
  attributes.put(`${name}.bytes`, content.envelope.length);
  attributes.put(name, Buffer.from(content.envelope).toString("base64"));
}

/** Leaves out what is not known. */
class Attributes {
  readonly values = new Map<SpanName, SpanValue>();

  put(name: SpanName, value: SpanValue | null | undefined): void {
    if (value !== null && value !== undefined) this.values.set(name, value);
  }
}
