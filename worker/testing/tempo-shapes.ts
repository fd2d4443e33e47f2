/**
 * A server that answers in Tempo's documented shapes (`otel-collector/README.md` says what was not run), out of what a real Jaeger
 * holds: ids in base64, names for enums, no leading zeros in search, the first few found. Cuts and partial answers on demand.
 */
import { Buffer } from "node:buffer";
import { spansOfAnswer, type HexSpan, type JaegerAnswer } from "./jaeger-answer.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export interface Manners {
  /** Tempo's `max_attribute_bytes`. */
  maxAttributeBytes: number;
  isPartial: boolean;
}

const KINDS = [
  "SPAN_KIND_UNSPECIFIED",
  "SPAN_KIND_INTERNAL",
  "SPAN_KIND_SERVER",
  "SPAN_KIND_CLIENT",
];

export async function startTempoShapes(
  jaegerUrl: () => string,
): Promise<Upstream & { readonly manners: Manners }> {
  const manners: Manners = { maxAttributeBytes: 65_536, isPartial: false };
  const toTempo = (span: HexSpan) => ({
    ...span,
    traceId: base64(span.traceId),
    spanId: base64(span.spanId),
    ...(span.parentSpanId ? { parentSpanId: base64(span.parentSpanId) } : {}),
    kind: KINDS[span.kind],
    status: span.status?.code === 2 ? { code: "STATUS_CODE_ERROR" } : {},
    attributes: span.attributes.map(({ key, value }) => {
      const text = value["stringValue"];
      if (typeof text !== "string") return { key, value };
      return { key, value: { stringValue: text.slice(0, manners.maxAttributeBytes) } };
    }),
  });
  const server = await startUpstream(async ({ path }, reply) => {
    const url = new URL(path, "http://tempo");
    const byId = /^\/api\/v2\/traces\/([0-9a-f]{32})$/.exec(url.pathname)?.[1];
    const [start, end] = ["start", "end"].map((name) => Number(url.searchParams.get(name)) * 1_000);
    if (byId !== undefined) {
      const answer = await fetch(`${jaegerUrl()}/api/v3/traces/${byId}`);
      if (!answer.ok) return reply.send(404, {}, "trace not found");
      const { result } = (await answer.json()) as JaegerAnswer;
      const resourceSpans = result.resourceSpans.map(({ resource, scopeSpans }) => ({
        resource,
        scopeSpans: scopeSpans.map(({ spans }) => ({ spans: spans.map(toTempo) })),
      }));
      const partial = manners.isPartial ? { status: "PARTIAL", message: "too large" } : {};
      return reply.json(200, { trace: { resourceSpans }, metrics: {}, ...partial });
    }
    const wanted =
      /^\{ name = "round_trip other" && span\."anyray\.request_id" = "(req_[0-9a-f]{32})" \}$/.exec(
        url.searchParams.get("q") ?? "",
      )?.[1];
    if (url.pathname !== "/api/search" || wanted === undefined || !start || !end) {
      return reply.send(400, {}, "invalid TraceQL query");
    }
    const query = new URLSearchParams({
      "query.service_name": "anyray",
      "query.start_time_min": new Date(start).toISOString(),
      "query.start_time_max": new Date(end).toISOString(),
      "query.num_traces": url.searchParams.get("limit") ?? "20",
    });
    const answer = await fetch(`${jaegerUrl()}/api/v3/traces?${query}`);
    const all = answer.ok ? spansOfAnswer((await answer.json()) as JaegerAnswer) : [];
    const spans = all.filter(({ attributes }) =>
      attributes.some(({ value }) => value["stringValue"] === wanted),
    );
    const ids = new Set(spans.map(({ traceId }) => traceId.replace(/^0+/, "")));
    reply.json(200, { traces: [...ids].map((traceID) => ({ traceID })), metrics: {} });
  });
  return Object.assign(server, { manners });
}

function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
