/**
 * Tempo 3, by its documented API: JSON that is mostly OTLP's, with ids in base64, names for enums, leading zeros left out in search. Its
 * traces may be partial, and what it finds are the first it met, in no order.
 */
import { eachObject, toMembers } from "../read/json-places.ts";
import { readId } from "../read/span-members.ts";
import { readTraceDocument } from "../read/trace-json.ts";
import type { TraceBackend } from "./backend.ts";
import { readAs, type AskJson } from "./client.ts";

/** Without a window Tempo looks at all its blocks, and its search at recent data only. */
const WINDOW_MS = 3_600_000;
const SEARCH_LIMIT = "20";

export function createTempo(ask: AskJson): TraceBackend {
  return {
    name: "tempo",
    async trace(traceId, aboutMs) {
      const window = new URLSearchParams({
        start: seconds(aboutMs - WINDOW_MS),
        end: seconds(aboutMs + WINDOW_MS),
      });
      const answer = await ask(`/api/v2/traces/${traceId}?${window}`);
      if (answer === null) return null;
      const trace = readAs(() => readTraceDocument(answer));
      return trace.spans.length === 0 ? null : trace;
    },
    async find({ spanName, requestId, fromMs, toMs }) {
      const query = new URLSearchParams({
        q: `{ name = ${JSON.stringify(spanName)} && span."anyray.request_id" = ${JSON.stringify(requestId)} }`,
        start: seconds(fromMs),
        // Whole seconds, exclusive.
        end: seconds(toMs + 1_000),
        limit: SEARCH_LIMIT,
      });
      const answer = await ask(`/api/search?${query}`);
      if (answer === null) return [];
      return readAs(() =>
        eachObject(toMembers(answer, "the JSON"), "traces", "", (trace, place) => [
          readId(trace, "traceID", 16, place),
        ]),
      );
    },
  };
}

function seconds(ms: number): string {
  return String(Math.max(0, Math.floor(ms / 1_000)));
}
