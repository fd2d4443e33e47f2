/** Liveness, readiness and metrics. Readiness says only what a load balancer may know, unless the caller is an admin. */
import { Elysia, t } from "elysia";
import type { SharedDatabase } from "../../db/store.ts";
import type { Deps } from "../deps.ts";
import { ownHeaders } from "../pipeline/respond.ts";
import { Check, examine } from "./checks.ts";
import { mayReadHealth, requireMetricsToken } from "./admin-token.ts";

export function healthRoutes(deps: Deps) {
  return new Elysia({ handler: { standardHostname: false } })
    .model({
      Health: t.Object({ status: t.String(), checks: t.Optional(t.Record(t.String(), Check)) }),
    })
    .get("/", () => Response.json({ name: "anyray", docs: "/docs" }, headers(deps)), {
      detail: {
        tags: ["Health"],
        summary: "What this is",
        responses: { 200: { description: "Its name" } },
      },
    })
    .head("/", () => new Response(null, headers(deps)), { detail: { hide: true } })
    .get("/livez", () => Response.json({ status: "ok" }, headers(deps)), {
      detail: {
        tags: ["Health"],
        summary: "Is the process alive",
        responses: healthAnswers("Alive"),
      },
    })
    .get("/readyz", ({ request }) => ready(deps, request), {
      detail: {
        tags: ["Health"],
        summary: "Can requests be served and accounted for",
        description: "`checks` are shown to admins only.",
        responses: { ...healthAnswers("Ready"), 503: healthAnswers("Not ready")[200] },
      },
    })
    .get("/metrics", ({ request }) => metrics(deps, request), {
      detail: {
        tags: ["Health"],
        summary: "Metrics in Prometheus' text format",
        security: [{ adminToken: [] }],
        responses: {
          200: {
            description: "Metrics",
            content: { "text/plain": { schema: { type: "string" as const } } },
          },
        },
      },
    });
}

function headers(deps: Deps): { headers: [string, string][] } {
  return { headers: ownHeaders(deps.ids.traceId()) };
}

function healthAnswers(description: string) {
  return {
    200: {
      description,
      content: { "application/json": { schema: { $ref: "#/components/schemas/Health" } } },
    },
  };
}

async function ready(deps: Deps, request: Request): Promise<Response> {
  const { status, isFailed, checks } = await examine(deps);
  return Response.json((await mayReadHealth(deps, request)) ? { status, checks } : { status }, {
    status: isFailed ? 503 : 200,
    ...headers(deps),
  });
}

async function metrics(deps: Deps, request: Request): Promise<Response> {
  await requireMetricsToken(deps, request);
  const { checks } = await examine(deps);
  const lines = [
    ...gauge("anyray_live_requests", "Requests under way.", deps.live.count),
    ...gauge(
      "anyray_open_attempts",
      "Attempts in the journal whose row is not committed.",
      deps.store.journal.openCount(),
    ),
    ...gauge(
      "anyray_ledger_rows_waiting",
      "Ledger rows that wait to be committed again.",
      deps.settler.waitingRows,
    ),
    ...gauge(
      "anyray_spans_waiting_bytes",
      "What waits for the Collector while it is away, about.",
      deps.exporter?.waitingBytes ?? 0,
    ),
    ...gauge(
      "anyray_spans_set_aside",
      "Ledger rows whose spans the Collector refused for good.",
      deps.exporter?.setAside ?? 0,
    ),
    ...(deps.store.shared === null ? [] : databaseGauges(deps.store.shared)),
    "# HELP anyray_degraded Whether a part is not as it should be; /readyz says why.",
    "# TYPE anyray_degraded gauge",
    ...Object.entries(checks).map(
      ([name, { state }]) => `anyray_degraded{check="${name}"} ${state === "ok" ? 0 : 1}`,
    ),
  ];
  const text = `${deps.counters.render()}${deps.histograms.render()}${lines.join("\n")}\n`;
  return new Response(text, {
    headers: [
      ["content-type", "text/plain; version=0.0.4; charset=utf-8"],
      ...headers(deps).headers,
    ],
  });
}

function databaseGauges({ waitingRows, refusedRows }: SharedDatabase): string[] {
  return [
    ...gauge(
      "anyray_database_rows_waiting",
      "Rows of the local ledger that are not in Postgres yet.",
      waitingRows,
    ),
    ...gauge(
      "anyray_database_rows_refused",
      "Rows of the local ledger that Postgres refused for good.",
      refusedRows,
    ),
  ];
}

function gauge(name: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`];
}
