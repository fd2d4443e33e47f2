/** A span as a back end gives it back: ours, as far as it can be told again. Types, and which attributes are kept. */
import { traceIdOfRequest } from "../../ids.ts";
import { SPAN_NAMES } from "../names.ts";
import type { SpanValue } from "../span.ts";

/** Null: a value of a type that none of our attributes has. */
export type AttributeValue = SpanValue | null;

export interface StoredSpan {
  /** 32 lower-case hex digits: the request's, even where its spans are part of a caller's trace. */
  readonly traceId: string;
  /** 16. */
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: "server" | "client" | "other";
  /** ms since 1970. */
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly isError: boolean;
  /** Those that we may have written; no other. */
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** The request's trace id, which its spans name as a request id. @param spanTraceId of the span itself */
export function ownTraceId(
  attributes: ReadonlyMap<string, AttributeValue>,
  spanTraceId: string,
): string {
  return traceIdOfRequest(attributes.get("anyray.request_id")) ?? spanTraceId;
}

const NAMES: ReadonlySet<string> = new Set(SPAN_NAMES);

/** Only a span with one of these is ours. */
export function isOwnName(attribute: string): boolean {
  return attribute.startsWith("anyray.");
}

/** One whose values are lists of texts. */
export function isListName(attribute: string): boolean {
  return attribute === "gen_ai.response.finish_reasons";
}

/** One that we may have written, of this version or another. */
export function isKeptName(attribute: string): boolean {
  return isOwnName(attribute) || NAMES.has(attribute);
}
