/**
 * Spans out of JSON: OTLP (one document, or one a line as the Collector's file exporter writes), Tempo's answers (`batches`, or
 * `trace`), Jaeger's (`result`, or `data` with tags). Told apart by their members. What is malformed is named by its place and
 * never quoted; spans that carry none of our attributes are others', and are passed over however they look.
 */
import { spansOfJaegerTrace } from "./jaeger-json.ts";
import {
  eachObject,
  memberList,
  memberObject,
  type Members,
  parseJson,
  SourceFault,
  toMembers,
} from "./json-places.ts";
import { readId, readKind, readOptionalId, readTime } from "./span-members.ts";
import {
  type AttributeValue,
  isKeptName,
  isListName,
  isOwnName,
  ownTraceId,
  type StoredSpan,
} from "./stored-span.ts";

export interface TraceDocument {
  readonly spans: readonly StoredSpan[];
  /** The back end says that it could not give all of the trace. */
  readonly isPartial: boolean;
}

/**
 * One document a line, and no more than one held; or all lines together, if the first one is no document by itself.
 * @param lines without their ends
 * @throws SourceFault when it gets there
 */
export function* traceDocuments(lines: Iterable<string>): Generator<TraceDocument> {
  let number = 0;
  let isFirst = true;
  const unfinished: string[] = [];
  for (const line of lines) {
    number += 1;
    if (unfinished.length > 0) unfinished.push(line);
    if (unfinished.length > 0 || line.trim() === "") continue;
    // Windows' shells put a byte order mark before what they save.
    const text = isFirst && line.startsWith("\uFEFF") ? line.slice(1) : line;
    const value = parseJson(text);
    if (value !== undefined) {
      yield readTraceDocument(value, isFirst ? "" : `line ${number}: `);
    } else if (isFirst) unfinished.push(text);
    else throw new SourceFault(`line ${number} is no JSON, or is not whole`);
    isFirst = false;
  }
  if (isFirst) throw new SourceFault("it is empty");
  if (unfinished.length === 0) return;
  const value = parseJson(unfinished.join("\n"));
  if (value === undefined) {
    throw new SourceFault(
      "neither all of it nor its first line is JSON: it was cut off, or is something else",
    );
  }
  yield readTraceDocument(value, "");
}

/** @param prefix which document it is, before the place in it @throws SourceFault */
export function readTraceDocument(value: unknown, prefix = ""): TraceDocument {
  try {
    const root = toMembers(value, "the JSON");
    return { spans: spansOf(root), isPartial: root["status"] === "PARTIAL" };
  } catch (error) {
    throw error instanceof SourceFault ? new SourceFault(`${prefix}${error.message}`) : error;
  }
}

function spansOf(root: Members): StoredSpan[] {
  const wrapper = ["trace", "result"].find((name) => (root[name] ?? null) !== null);
  const inner = wrapper === undefined ? root : (memberObject(root, wrapper, "") ?? root);
  const place = wrapper ?? "";
  for (const name of ["resourceSpans", "batches"]) {
    if (memberList(inner, name, place) !== null) {
      return eachObject(inner, name, place, spansOfResource);
    }
  }
  // An empty trace has no list in protocol buffers' JSON.
  if (wrapper !== undefined) return [];
  if (memberList(root, "data", "") !== null) {
    return eachObject(root, "data", "", spansOfJaegerTrace);
  }
  throw new SourceFault(
    "it has none of `resourceSpans`, `batches`, `trace`, `result`, `data`: it is no trace, or none was found",
  );
}

function spansOfResource(resource: Members, place: string): StoredSpan[] {
  const name =
    memberList(resource, "scopeSpans", place) === null
      ? "instrumentationLibrarySpans"
      : "scopeSpans";
  return eachObject(resource, name, place, (scope, at) =>
    eachObject(scope, "spans", at, spansOfOtlp),
  );
}

function spansOfOtlp(span: Members, place: string): StoredSpan[] {
  const attributes = new Map(
    eachObject(span, "attributes", place, (attribute, at): [string, AttributeValue][] => {
      const { key } = attribute;
      if (typeof key !== "string" || !isKeptName(key)) return [];
      const value = memberObject(attribute, "value", at);
      return [[key, isListName(key) ? textsOf(value, at) : valueOf(value)]];
    }),
  );
  if (![...attributes.keys()].some(isOwnName)) return [];
  const { name } = span;
  const code = memberObject(span, "status", place)?.["code"];
  return [
    {
      traceId: ownTraceId(attributes, readId(span, "traceId", 16, place)),
      spanId: readId(span, "spanId", 8, place),
      parentSpanId: readOptionalId(span, "parentSpanId", 8, place),
      name: typeof name === "string" ? name : "",
      kind: readKind(span["kind"]),
      startMs: readTime(span, "startTimeUnixNano", 1_000_000n, place),
      endMs: readTime(span, "endTimeUnixNano", 1_000_000n, place),
      isError: code === 2 || code === "STATUS_CODE_ERROR",
      attributes,
    },
  ];
}

/** A list of texts; null for any other value. @throws SourceFault */
function textsOf(value: Members | null, place: string): readonly string[] | null {
  const list = value === null ? null : memberObject(value, "arrayValue", place);
  if (list === null) return null;
  return eachObject(list, "values", place, ({ stringValue }) =>
    typeof stringValue === "string" ? [stringValue] : [],
  );
}

/** OTLP's `AnyValue`, as far as our attributes go. */
function valueOf(value: Members | null): AttributeValue {
  const { stringValue, intValue, doubleValue, boolValue, bytesValue } = value ?? {};
  // The value of `bytesValue` is its base64, which is how our attributes hold bytes anyway.
  const text = stringValue ?? bytesValue;
  if (typeof text === "string") return text;
  const number = intValue ?? doubleValue;
  if (typeof number === "number") return number;
  // 64-bit integers come as text.
  if (typeof number === "string" && /^-?\d{1,16}$/.test(number)) return Number(number);
  return typeof boolValue === "boolean" ? boolValue : null;
}
