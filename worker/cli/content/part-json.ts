/** An opened part as `anyray decrypt` writes it: one JSON object, on a line of its own; or its bytes, in a file of their own. */
import { Buffer } from "node:buffer";
import type { OpenedPart } from "../../encryption/open.ts";

export function toJsonLine(part: OpenedPart): string {
  return `${JSON.stringify({
    trace_id: part.traceId,
    span_id: part.spanId,
    field: part.field,
    media: part.media,
    cut: part.isCut,
    subject: part.handle,
    sealed: part.kind === "sealed",
    ...contentJson(part.bytes),
  })}\n`;
}

/** Text where it is text, else base64. */
function contentJson(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

const ENDINGS = { json: "json", "event-stream": "sse", other: "bin" } as const;

/** The parts of one output never share a name. */
export function fileNameOf({ traceId, spanId, field, media }: OpenedPart): string {
  return `${traceId}-${spanId}-${field}.${ENDINGS[media]}`;
}
