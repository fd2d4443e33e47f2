/** `GET /admin/audit`: what administrators did, as the chain has it. */
import { t } from "elysia";
import type { AuditQuery, AuditRecord } from "../../../db/store.ts";
import { AUDIT_ACTIONS } from "../../audit/entry.ts";
import { checkpointJson, checkpointLine, entryJson, entryLine } from "../../audit/lines.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { ownHeaders } from "../../pipeline/respond.ts";
import { AuditVerdict, verifyLog } from "./audit-check.ts";
import { AdminError } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { invalid, parseLimit, parseTime, readParameters } from "./query.ts";

const Text = (description: string) => t.Optional(t.String({ description }));
const Facts = t.Union([t.Object({}, { additionalProperties: true }), t.Null()]);

const AuditEntry = t.Object({
  seq: t.Integer({ minimum: 1 }),
  time: t.String({ format: "date-time" }),
  actor: t.String(),
  action: t.String({ description: AUDIT_ACTIONS.join(" | ") }),
  target: t.String(),
  before: Facts,
  after: Facts,
  prev_hash: t.String({ description: "Of the entry before; 64 zeros in the first" }),
  hash: t.String({ description: "SHA-256 of the canonical entry" }),
});

const FILTERS = ["actor", "action", "target"] as const;

export function auditRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/audit", "audit")
    .get(
      "",
      async ({ request }) => {
        const query = parseQuery(request.url);
        const entries = await readEntries(deps, query);
        const last = entries.length < query.limit ? undefined : entries.at(-1);
        return {
          entries: entries.map(entryJson),
          next_cursor: last === undefined ? null : String(last.seq),
        };
      },
      {
        query: t.Object(
          {
            from: Text("Inclusive; a date (UTC) or RFC 3339. Default: the beginning"),
            to: Text("Exclusive; default: now"),
            actor: Text("Entries of this actor"),
            action: Text(`One of ${AUDIT_ACTIONS.join(", ")}`),
            target: Text("Entries on this target"),
            cursor: Text("`next_cursor` of the page before"),
            limit: Text("1 to 1000, default 100"),
          },
          { additionalProperties: true },
        ),
        response: {
          200: t.Object(
            { entries: t.Array(AuditEntry), next_cursor: t.Union([t.String(), t.Null()]) },
            { description: "One page" },
          ),
          400: AdminError,
          401: AdminError,
          403: AdminError,
          503: AdminError,
        },
        detail: {
          tags: ["Audit"],
          summary: "The audit log, newest first",
          security: [{ adminToken: [] }],
        },
      },
    )
    .get("/export", () => exportLog(deps), {
      detail: {
        tags: ["Audit"],
        summary: "The whole log and its checkpoints, as JSON lines",
        description: "For `anyray audit verify FILE`, and for keeping elsewhere.",
        security: [{ adminToken: [] }],
        responses: {
          200: {
            description: "One entry or checkpoint a line, oldest first",
            content: { "application/x-ndjson": { schema: { type: "string" as const } } },
          },
        },
      },
    })
    .get("/verify", () => verifyLog(deps), {
      response: { 200: AuditVerdict, 401: AdminError, 403: AdminError, 503: AdminError },
      detail: {
        tags: ["Audit"],
        summary: "Whether the log is whole",
        description:
          "By the gateway itself. `anyray audit verify` checks an export without it, with a public key that was kept elsewhere.",
        security: [{ adminToken: [] }],
      },
    })
    .get(
      "/checkpoints",
      () => ({
        public_key: deps.checkpoints.publicKey,
        checkpoints: deps.checkpoints
          .all()
          .toReversed()
          .slice(0, MAX_CHECKPOINTS)
          .map(checkpointJson),
      }),
      {
        response: {
          200: t.Object(
            {
              public_key: t.String({
                description: "`aap_…`: keep it where the gateway can't write",
              }),
              checkpoints: t.Array(
                t.Object({
                  seq: t.Integer(),
                  hash: t.String(),
                  time: t.String({ format: "date-time" }),
                  public_key: t.String(),
                  signature: t.String({ description: "Ed25519, base64url" }),
                }),
              ),
            },
            { description: "Newest first" },
          ),
          401: AdminError,
          403: AdminError,
        },
        detail: {
          tags: ["Audit"],
          summary: "Signed heads of the log",
          security: [{ adminToken: [] }],
        },
      },
    );
}

const EXPORT_ENTRIES = 500;
const MAX_CHECKPOINTS = 1_000;

/** Page by page, as it is taken. */
function exportLog(deps: Deps): Response {
  let seq = 0;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const entries = await deps.store.audit.after(seq, EXPORT_ENTRIES);
        seq = entries.at(-1)?.seq ?? seq;
        const isEnd = entries.length < EXPORT_ENTRIES;
        const lines = [
          ...entries.map(entryLine),
          ...(isEnd ? deps.checkpoints.all().map(checkpointLine) : []),
        ];
        if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
        if (isEnd) controller.close();
      } catch {
        // The runtime prints what it is given here.
        controller.error("the audit log can't be read");
      }
    },
  });
  return new Response(body, {
    headers: [
      ["content-type", "application/x-ndjson"],
      ["content-disposition", 'attachment; filename="anyray-audit.jsonl"'],
      ...ownHeaders(deps.ids.traceId()),
    ],
  });
}

async function readEntries(deps: Deps, query: AuditQuery): Promise<readonly AuditRecord[]> {
  try {
    return await deps.store.audit.list(query);
  } catch {
    throw new GatewayError("store_unavailable");
  }
}

function parseQuery(url: string): AuditQuery {
  const parameters = readParameters(url, ["from", "to", "cursor", "limit", ...FILTERS]);
  const where: Partial<Record<(typeof FILTERS)[number], string>> = {};
  for (const name of FILTERS) {
    const text = parameters.get(name);
    if (text !== undefined) where[name] = text;
  }
  if (where.action !== undefined && !AUDIT_ACTIONS.some((action) => action === where.action)) {
    throw invalid("action", `It is one of ${AUDIT_ACTIONS.join(", ")}.`);
  }
  return {
    fromMs: parseTime("from", parameters.get("from")) ?? 0,
    toMs: parseTime("to", parameters.get("to")) ?? Number.MAX_SAFE_INTEGER,
    where,
    beforeSeq: parseSeq(parameters.get("cursor")),
    limit: parseLimit(parameters.get("limit")),
  };
}

function parseSeq(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw invalid("cursor", "It is the `next_cursor` of the page before.");
  }
  return Number(text);
}
