/** Jaeger 2, by its API v3: OTLP's JSON with ids in hex. */
import { readTraceDocument } from "../read/trace-json.ts";
import type { TraceBackend } from "./backend.ts";
import { readAs, type AskJson } from "./client.ts";

/** It gives whole traces, sealed content included. */
const SEARCH_DEPTH = "20";

export function createJaeger(ask: AskJson, serviceName: string): TraceBackend {
  return {
    name: "jaeger",
    async trace(traceId) {
      const answer = await ask(`/api/v3/traces/${traceId}`);
      if (answer === null) return null;
      const trace = readAs(() => readTraceDocument(answer));
      return trace.spans.length === 0 ? null : trace;
    },
    // Its API over HTTP knows no attributes (2.13), so the name must do.
    async find({ spanName, fromMs, toMs }) {
      const query = new URLSearchParams({
        "query.service_name": serviceName,
        "query.start_time_min": new Date(fromMs).toISOString(),
        "query.start_time_max": new Date(toMs).toISOString(),
        "query.operation_name": spanName,
        // The name of the limit in 2.13, and the one that its API's definition gives.
        "query.num_traces": SEARCH_DEPTH,
        "query.search_depth": SEARCH_DEPTH,
      });
      const answer = await ask(`/api/v3/traces?${query}`);
      if (answer === null) return [];
      const { spans } = readAs(() => readTraceDocument(answer));
      return [...new Set(spans.map(({ traceId }) => traceId))];
    },
  };
}
