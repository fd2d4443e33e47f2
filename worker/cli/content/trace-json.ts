/**
 * Spans out of JSON: OTLP (one document, or one a line as the Collector's file exporter writes), Tempo's answers (`batches`, or
 * `trace`), Jaeger's (`result`, or `data` with tags). Told apart by their members. What is malformed is named by its place and
 * never quoted.
 */
import { Buffer } from "node:buffer";
import type { SourceSpan } from "./spans.ts";

type Members = Readonly<Record<string, unknown>>;

/** @throws Error that says what is wrong and where */
export function spansOfJson(text: string): SourceSpan[] {
  const whole = tryJson(text);
  if (whole !== undefined) return spansOfDocument(whole, "the file");
  const lines = text.split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const place = `line ${i + 1}`;
    const value = tryJson(line);
    if (value === undefined) throw new Error(`${place} is no JSON`);
    return spansOfDocument(value, place);
  });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function spansOfDocument(value: unknown, place: string): SourceSpan[] {
  const root = members(value);
  if (root === null) throw new Error(`${place} is no object`);
  const inner = members(root["trace"]) ?? members(root["result"]) ?? root;
  const groups = list(inner["resourceSpans"]) ?? list(inner["batches"]);
  if (groups !== null) return groups.flatMap((group) => spansOfResource(group));
  const traces = list(root["data"]);
  if (traces !== null) return traces.flatMap((trace) => spansOfJaeger(trace));
  throw new Error(
    `${place} holds no trace: it has none of \`resourceSpans\`, \`batches\`, \`trace\`, \`result\`, \`data\``,
  );
}

function spansOfResource(group: unknown): SourceSpan[] {
  const resource = members(group) ?? {};
  const scopes =
    list(resource["scopeSpans"]) ?? list(resource["instrumentationLibrarySpans"]) ?? [];
  return scopes.flatMap((scope) =>
    (list(members(scope)?.["spans"]) ?? []).flatMap((span) => otlpSpan(members(span) ?? {})),
  );
}

function otlpSpan(span: Members): SourceSpan[] {
  const traceId = id(span["traceId"], 16);
  const spanId = id(span["spanId"], 8);
  if (traceId === null || spanId === null) return [];
  const attributes = new Map<string, string>();
  for (const each of list(span["attributes"]) ?? []) {
    const attribute = members(each) ?? {};
    const { key } = attribute;
    const value = scalar(members(attribute["value"]) ?? {});
    if (typeof key === "string" && value !== null) attributes.set(key, value);
  }
  return [{ traceId, spanId, timeMs: nanoTime(span["startTimeUnixNano"]), attributes }];
}

/** OTLP's `AnyValue`, as far as our attributes go. */
function scalar(value: Members): string | null {
  const { stringValue, intValue, boolValue } = value;
  if (typeof stringValue === "string") return stringValue;
  if (typeof intValue === "string" || typeof intValue === "number") return String(intValue);
  return typeof boolValue === "boolean" ? String(boolValue) : null;
}

function spansOfJaeger(trace: unknown): SourceSpan[] {
  return (list(members(trace)?.["spans"]) ?? []).flatMap((each) => {
    const span = members(each) ?? {};
    const traceId = id(span["traceID"], 16);
    const spanId = id(span["spanID"], 8);
    if (traceId === null || spanId === null) return [];
    const attributes = new Map<string, string>();
    for (const tag of list(span["tags"]) ?? []) {
      const { key, value } = members(tag) ?? {};
      const isScalar = typeof value === "string" || typeof value === "number";
      if (typeof key === "string" && isScalar) attributes.set(key, String(value));
    }
    const { startTime } = span;
    const timeMs = typeof startTime === "number" ? Math.floor(startTime / 1000) : null;
    return [{ traceId, spanId, timeMs, attributes }];
  });
}

/** Hex, perhaps without its leading zeros, or base64 as Tempo gives it. */
function id(value: unknown, size: number): string | null {
  if (typeof value !== "string") return null;
  if (/^[0-9a-fA-F]+$/.test(value) && value.length <= 2 * size) {
    return value.toLowerCase().padStart(2 * size, "0");
  }
  const bytes = Buffer.from(value, "base64");
  return bytes.length === size ? bytes.toString("hex") : null;
}

function nanoTime(value: unknown): number | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^\d{1,20}$/.test(text)) return null;
  return Number(BigInt(text) / 1_000_000n);
}

function members(value: unknown): Members | null {
  // An object of JSON; its members are unknown.
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : null;
}

function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}
