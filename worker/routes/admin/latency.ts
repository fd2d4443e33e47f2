/** `GET /admin/latency`: how long requests took, of the newest of a range; percentiles of a sample, not of all. */
import { t } from "elysia";
import type { Deps } from "../../deps.ts";
import { read } from "./change.ts";
import { ADMIN_ERRORS } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { parseRange, readParameters } from "./query.ts";
import { schemaEach } from "./schema-each.ts";
import { parseWhere } from "./spend-query.ts";

/** Enough for a 99th percentile that ten requests hold up, and one quick reading of the ledger's end. */
const SAMPLE = 1_000;
const FILTERS = ["user", "team", "model", "provider", "endpoint", "outcome", "stream"] as const;

const Text = (description: string) => t.Optional(t.String({ description }));
const Percentiles = t.Object(
  schemaEach(["p50", "p95", "p99"], () => t.Union([t.Integer(), t.Null()])),
  { description: "Milliseconds; null: no request of the sample has it" },
);

const LatencyReport = t.Object(
  {
    from: t.String({ format: "date-time" }),
    to: t.String({ format: "date-time" }),
    sample: t.Integer({ minimum: 0, description: `The newest requests, ${SAMPLE} at most` }),
    latency_ms: Percentiles,
    ttfb_ms: Percentiles,
  },
  { description: "From the first byte of the request to the last of the answer, and to its first" },
);

export function latencyRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/latency", "spend").get(
    "",
    async ({ request }) => {
      const parameters = readParameters(request.url, ["from", "to", ...FILTERS]);
      const range = parseRange(parameters, deps.clock.now());
      const where = parseWhere(parameters, FILTERS);
      const rows = await read(() =>
        deps.store.ledger.records({ ...range, where, limit: SAMPLE, beforeId: null }),
      );
      return {
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
        sample: rows.length,
        latency_ms: percentiles(rows.map(({ latencyMs }) => latencyMs)),
        ttfb_ms: percentiles(rows.map(({ ttfbMs }) => ttfbMs)),
      };
    },
    {
      query: t.Object(
        {
          from: Text("Inclusive; a date (UTC) or RFC 3339. Default: 30 days before `to`"),
          to: Text("Exclusive; default: now"),
          ...schemaEach(FILTERS, (name) => Text(`Requests with this ${name}`)),
        },
        { additionalProperties: true },
      ),
      response: { 200: LatencyReport, ...ADMIN_ERRORS },
      detail: {
        tags: ["Spend"],
        summary: "How long the newest requests of a range took",
        description: `Percentiles over a sample: the ${SAMPLE} newest that match.`,
        security: [{ adminToken: [] }],
      },
    },
  );
}

/** By nearest rank; of what is known. */
function percentiles(values: readonly (number | null)[]) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const rank = (share: number) => known[Math.max(0, Math.ceil(known.length * share) - 1)] ?? null;
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) };
}
