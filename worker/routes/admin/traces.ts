/**
 * `/admin/traces` and `/admin/sessions`: requests as traces, made of the ledger and of what is known of their content. No address
 * here gives content out, sealed or not: only what an envelope's head says, and its first bytes where they are ciphertext.
 */
import { t } from "elysia";
import type { LedgerRow, SessionRow, SessionsQuery } from "../../../db/store.ts";
import { isIdentity } from "../../chat.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { parseUsd } from "../../money.ts";
import {
  BackendError,
  type BackendFailure,
  type TraceBackend,
} from "../../traces/backend/backend.ts";
import { isSampled } from "../../traces/sampling.ts";
import type { StoredSpan } from "../../traces/read/stored-span.ts";
import { attemptSpan, isFollowed, requestSpan, type Span, traceIdOf } from "../../traces/span.ts";
import { AdminError } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { invalid, parseCursor, parseLimit, parseRange, readParameters } from "./query.ts";
import { schemaEach } from "./schema-each.ts";
import { SessionRecord, toSessionRecord } from "./spend-json.ts";
import { parseWhere } from "./spend-query.ts";
import {
  CallerSpanRecord,
  ContentFacts,
  SpanRecord,
  toCallerJson,
  toContentFacts,
  toSpanJson,
  toSummary,
  TraceSummary,
} from "./trace-json.ts";

const TRACE_ID = /^[0-9a-f]{32}$/;
const FILTERS = ["user", "team", "model", "provider", "session", "outcome", "status"] as const;
const RANGE = ["from", "to", "limit", "cursor"] as const;

const Text = (description: string) => t.Optional(t.String({ description }));
const Cursor = t.Union([t.String(), t.Null()]);

const TraceParameters = t.Object(
  {
    from: Text("Inclusive; a date (UTC) or RFC 3339. Default: 30 days before `to`"),
    to: Text("Exclusive; default: now"),
    limit: Text("1 to 1000, default 100"),
    cursor: Text("`next_cursor` of the page before"),
    ...schemaEach(FILTERS, (name) => Text(`Traces with this ${name}`)),
    min_latency_ms: Text("Traces that took at least as long"),
    min_cost_usd: Text("Traces that cost at least as much"),
  },
  { additionalProperties: true },
);

export function traceRoutes(deps: Deps) {
  return adminGroup(deps, "/admin", "traces")
    .get(
      "/traces",
      async ({ request }) => {
        const query = notBefore(oldestMs(deps), parseTraceQuery(request.url, deps.clock.now()));
        const rows = await deps.store.ledger.records(query);
        const last = rows.length < query.limit ? undefined : rows.at(-1);
        return { traces: rows.map(toSummary), next_cursor: last?.id ?? null };
      },
      {
        query: TraceParameters,
        response: {
          200: t.Object(
            { traces: t.Array(TraceSummary), next_cursor: Cursor },
            { description: "One page, newest first" },
          ),
          400: AdminError,
          401: AdminError,
          403: AdminError,
        },
        detail: {
          tags: ["Traces"],
          summary: "Requests, newest first",
          security: [{ adminToken: [] }],
        },
      },
    )
    .get("/traces/:id", ({ params }) => readTrace(deps, params.id), {
      params: t.Object({ id: t.String({ description: "`x-anyray-trace-id` of the answer" }) }),
      response: {
        200: t.Object(
          {
            trace_id: t.String(),
            source: t.String({
              description:
                "Where the spans are from: ledger | jaeger | tempo. The ledger, where the back end can't give them",
            }),
            source_code: t.Union([t.String(), t.Null()], {
              description:
                "What is wrong with the back end: backend_away | backend_refused | backend_unreadable | trace_not_found | trace_not_sampled | trace_partial",
            }),
            caller: CallerSpanRecord,
            spans: t.Array(SpanRecord),
            content: t.Array(ContentFacts),
            decrypt: t.Union([t.String(), t.Null()], {
              description: "The offline command that opens the content, for whoever has the keys",
            }),
          },
          { description: "One request, attempt by attempt" },
        ),
        400: AdminError,
        401: AdminError,
        403: AdminError,
        404: AdminError,
      },
      detail: {
        tags: ["Traces"],
        summary: "One request: its spans, and what is known of its content without a key",
        security: [{ adminToken: [] }],
      },
    })
    .get(
      "/sessions",
      async ({ request }) => {
        const parameters = readParameters(request.url, RANGE);
        const limit = parseLimit(parameters.get("limit"));
        const rows = await deps.store.ledger.sessions({
          ...notBefore(oldestMs(deps), parseRange(parameters, deps.clock.now())),
          limit,
          before: parseSessionCursor(parameters.get("cursor")),
        });
        const last = rows.length < limit ? undefined : rows.at(-1);
        return {
          sessions: rows.map(toSessionRecord),
          next_cursor: last === undefined ? null : sessionCursor(last),
        };
      },
      {
        query: t.Object(
          {
            from: Text("Inclusive; a date (UTC) or RFC 3339. Default: 30 days before `to`"),
            to: Text("Exclusive; default: now"),
            limit: Text("1 to 1000, default 100"),
            cursor: Text("`next_cursor` of the page before"),
          },
          { additionalProperties: true },
        ),
        response: {
          200: t.Object(
            { sessions: t.Array(SessionRecord), next_cursor: Cursor },
            { description: "One page, the one with the newest request first" },
          ),
          400: AdminError,
          401: AdminError,
          403: AdminError,
        },
        detail: {
          tags: ["Traces"],
          summary: "Sessions, with what they spent, newest first",
          security: [{ adminToken: [] }],
        },
      },
    );
}

/** When its newest request was, and its name: `1764000000000.agent-1`; nothing behind the point for requests without one. */
function sessionCursor({ lastMs, session }: Pick<SessionRow, "lastMs" | "session">): string {
  return `${lastMs}.${session ?? ""}`;
}

function parseSessionCursor(text: string | undefined): SessionsQuery["before"] {
  if (text === undefined) return null;
  const [, lastMs, session = ""] = /^(\d{1,15})\.(.*)$/.exec(text) ?? [];
  if (lastMs === undefined || (session !== "" && !isIdentity(session))) {
    throw invalid("cursor", "It is the `next_cursor` of the page before.");
  }
  return { lastMs: Number(lastMs), session: session === "" ? null : session };
}

async function readTrace(deps: Deps, id: string) {
  if (!TRACE_ID.test(id)) throw invalid("id", "It is 32 hex digits, as in x-anyray-trace-id.");
  const fromMs = oldestMs(deps);
  const rows = await deps.store.ledger.records({
    fromMs,
    toMs: Number.MAX_SAFE_INTEGER,
    where: { trace_id: id },
    limit: 1000,
    beforeId: null,
  });
  const content = (await deps.store.content.ofTrace(id)).filter(({ timeMs }) => timeMs >= fromMs);
  if (rows.length === 0 && content.length === 0) {
    throw new GatewayError("not_found", { field: "id", hint: "There is no such trace." });
  }
  const isOpenable = content.some((part) => part.content.state !== "omitted");
  const last = rows[0];
  const stored = await readStored(deps, last);
  return {
    trace_id: id,
    source: stored.source,
    source_code: stored.code,
    caller: toCallerJson(last?.callerSpan ?? null),
    spans: (stored.spans ?? spansOf(rows.toReversed())).map(toSpanJson),
    content: content.map(toContentFacts),
    decrypt: isOpenable
      ? `bun run anyray decrypt DATA_DIR --trace ${id} --reason TICKET --out part.jsonl`
      : null,
  };
}

/** The ledger remembers longer than traces are kept. */
function oldestMs({ limits, clock }: Deps): number {
  return limits.keepTracesMs === null ? 0 : clock.now() - limits.keepTracesMs;
}

function notBefore<T extends { readonly fromMs: number }>(oldest: number, query: T): T {
  return { ...query, fromMs: Math.max(query.fromMs, oldest) };
}

interface Stored {
  /** Whose the spans are. */
  readonly source: TraceBackend["name"] | "ledger";
  /** Null: the back end gives none. */
  readonly spans: readonly StoredSpan[] | null;
  readonly code: BackendFailure | "trace_not_found" | "trace_not_sampled" | "trace_partial" | null;
}

const IN_LEDGER: Stored = { source: "ledger", spans: null, code: null };

async function readStored(deps: Deps, row: LedgerRow | undefined): Promise<Stored> {
  const { traceBackend: backend, sampledShare } = deps;
  if (backend === null || row === undefined) return IN_LEDGER;
  if (!isSampled(traceIdOf(row), sampledShare)) return { ...IN_LEDGER, code: "trace_not_sampled" };
  try {
    const trace = await backend.trace(traceIdOf(row), row.timeMs);
    // A caller's trace may hold many requests.
    const own = trace?.spans.filter(({ traceId }) => traceId === row.traceId) ?? [];
    if (trace === null || own.length === 0) return { ...IN_LEDGER, code: "trace_not_found" };
    // Parents first, then as they began: back ends keep no order.
    const spans = own.toSorted((a, b) => rank(a) - rank(b) || (a.startMs ?? 0) - (b.startMs ?? 0));
    return { source: backend.name, spans, code: trace.isPartial ? "trace_partial" : null };
  } catch (error) {
    if (error instanceof BackendError) return { ...IN_LEDGER, code: error.code };
    throw error;
  }
}

function rank({ kind }: StoredSpan): number {
  return kind === "server" ? 0 : 1;
}

/** The request's span first. @param rows in the order of the attempts */
function spansOf(rows: readonly LedgerRow[]): Span[] {
  const attempts = rows.map(attemptSpan).filter((span) => span !== null);
  const last = rows.findLast((row) => !isFollowed(row));
  return last === undefined ? attempts : [requestSpan(last, []), ...attempts];
}

function parseTraceQuery(url: string, nowMs: number) {
  const parameters = readParameters(url, [...RANGE, ...FILTERS, "min_latency_ms", "min_cost_usd"]);
  return {
    ...parseRange(parameters, nowMs),
    where: parseWhere(parameters, FILTERS),
    atLeast: parseAtLeast(parameters),
    endsRequest: true as const,
    limit: parseLimit(parameters.get("limit")),
    beforeId: parseCursor(parameters.get("cursor")),
  };
}

function parseAtLeast(parameters: ReadonlyMap<string, string>) {
  const latency = parameters.get("min_latency_ms");
  const cost = parameters.get("min_cost_usd");
  if (latency !== undefined && !/^\d{1,9}$/.test(latency)) {
    throw invalid("min_latency_ms", "It is a whole number of milliseconds.");
  }
  const costPicoUsd = cost === undefined ? undefined : parseUsd(cost);
  if (costPicoUsd === null)
    throw invalid("min_cost_usd", "It is an amount in dollars, such as 0.05.");
  return {
    ...(latency === undefined ? {} : { latencyMs: Number(latency) }),
    ...(costPicoUsd === undefined ? {} : { costPicoUsd }),
  };
}
