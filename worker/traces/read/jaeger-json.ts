/** Spans out of the JSON of Jaeger's own API (`/api/traces/{id}`): attributes are tags, times are microseconds. */
import { eachObject, type Members, parseJson } from "./json-places.ts";
import { readId, readKind, readTime } from "./span-members.ts";
import {
  type AttributeValue,
  isKeptName,
  isListName,
  isOwnName,
  ownTraceId,
  type StoredSpan,
} from "./stored-span.ts";

/** @param trace an item of `data` @throws SourceFault */
export function spansOfJaegerTrace(trace: Members, place: string): StoredSpan[] {
  return eachObject(trace, "spans", place, (span, at) => {
    const tags = new Map(
      eachObject(span, "tags", at, (tag): [string, AttributeValue][] =>
        typeof tag["key"] === "string"
          ? [[tag["key"], isListName(tag["key"]) ? textsOf(tag) : valueOf(tag)]]
          : [],
      ),
    );
    const attributes = new Map([...tags].filter(([key]) => isKeptName(key)));
    if (![...attributes.keys()].some(isOwnName)) return [];
    const startMs = readTime(span, "startTime", 1_000n, at);
    const { duration, operationName } = span;
    const [parent] = eachObject(span, "references", at, (reference, where) =>
      reference["refType"] === "CHILD_OF" ? [readId(reference, "spanID", 8, where)] : [],
    );
    return [
      {
        traceId: ownTraceId(attributes, readId(span, "traceID", 16, at)),
        spanId: readId(span, "spanID", 8, at),
        parentSpanId: parent ?? null,
        name: typeof operationName === "string" ? operationName : "",
        kind: readKind(tags.get("span.kind")),
        startMs,
        endMs:
          startMs === null || typeof duration !== "number"
            ? null
            : startMs + Math.round(duration / 1_000),
        isError: tags.get("error") === true,
        attributes,
      },
    ];
  });
}

/** The value of a `binary` tag is its base64, which is how our attributes hold bytes anyway. */
function valueOf({ value }: Members): AttributeValue {
  const isScalar =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isScalar ? value : null;
}

/** Jaeger writes a list as its JSON. */
function textsOf({ value }: Members): readonly string[] | null {
  const texts = typeof value === "string" ? parseJson(value) : null;
  return Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : null;
}
