/** Spans out of the JSON of Jaeger's own API (`/api/traces/{id}`): attributes are tags, times are microseconds. */
import { eachObject, type Members } from "./json-places.ts";
import { readId, readTime } from "./span-members.ts";
import { type AttributeValue, isOurs, type SourceSpan } from "./spans.ts";

/** @param trace an item of `data` @throws SourceFault */
export function spansOfJaegerTrace(trace: Members, place: string): SourceSpan[] {
  return eachObject(trace, "spans", place, (span, at) => {
    const attributes = new Map(
      eachObject(span, "tags", at, (tag): [string, AttributeValue][] => {
        const { key } = tag;
        return typeof key === "string" && isOurs(key) ? [[key, valueOf(tag)]] : [];
      }),
    );
    if (attributes.size === 0) return [];
    return [
      {
        traceId: readId(span, "traceID", 16, at),
        spanId: readId(span, "spanID", 8, at),
        timeMs: readTime(span, "startTime", 1_000n, at),
        attributes,
      },
    ];
  });
}

/** The value of a `binary` tag is its base64, which is how our attributes hold bytes anyway. */
function valueOf({ value }: Members): AttributeValue {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
