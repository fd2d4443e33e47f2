/** Spans → the body of an OTLP/HTTP export, and its answer. By OpenTelemetry's own serializer. */
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { Span } from "./span.ts";

export interface Resource {
  /** What the operator says of the process, by standard names. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly instanceId: string;
}

type ReadableSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];

/** `SpanKind` of OpenTelemetry's API. */
const KINDS = { server: 1, client: 2 } as const;
/** `SpanStatusCode`. */
const UNSET = 0;
const ERROR = 2;

/** Protobuf of one `ExportTraceServiceRequest`. */
export function encodeSpans(spans: readonly Span[], resource: Resource): Uint8Array {
  const attributes = {
    ...resource.attributes,
    "service.name": resource.serviceName,
    "service.version": resource.serviceVersion,
    "service.instance.id": resource.instanceId,
  };
  const readable = spans.map((span) => toReadable(span, attributes));
  const bytes = ProtobufTraceSerializer.serializeRequest(readable);
  if (bytes === undefined) throw new Error("the spans were not encoded");
  return bytes;
}

/** How many spans the other side threw away of a batch that it took; 0 where it does not say. */
export function rejectedSpans(answer: Uint8Array): number {
  if (answer.length === 0) return 0;
  try {
    const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(answer);
    return Number(partialSuccess?.rejectedSpans ?? 0);
  } catch {
    return 0;
  }
}

function toReadable(span: Span, resource: Readonly<Record<string, string>>): ReadableSpan {
  const context = { traceId: span.traceId, spanId: span.spanId, traceFlags: 1 };
  const readable = {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(span.parentSpanId === null
      ? {}
      : { parentSpanContext: { ...context, spanId: span.parentSpanId } }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    status: { code: span.isError ? ERROR : UNSET },
    attributes: Object.fromEntries(span.attributes),
    links: span.link === null ? [] : [{ context: { ...span.link, traceFlags: 1 } }],
    events: [],
    duration: hrTime(span.endMs - span.startMs),
    ended: true,
    resource: { attributes: resource, asyncAttributesPending: false },
    instrumentationScope: { name: "anyray" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  // The serializer reads these members; the rest of the SDK's types has no meaning here.
  return readable as unknown as ReadableSpan;
}

function hrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1_000_000)];
}
