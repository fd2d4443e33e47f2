/** `GET /admin/audit`: what administrators did, as the chain has it. */
import { t } from "elysia";
import type { AuditQuery, AuditRecord } from "../../../db/store.ts";
import { AUDIT_ACTIONS } from "../../audit/entry.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
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
  return adminGroup(deps, "/admin/audit", "audit").get(
    "",
    async ({ request }) => {
      const query = parseQuery(request.url);
      const entries = await readEntries(deps, query);
      const last = entries.length < query.limit ? undefined : entries.at(-1);
      return {
        entries: entries.map(toJson),
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
  );
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

function toJson(entry: AuditRecord) {
  return {
    seq: entry.seq,
    time: new Date(entry.timeMs).toISOString(),
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    before: parseFacts(entry.before),
    after: parseFacts(entry.after),
    prev_hash: entry.prevHash,
    hash: entry.hash,
  };
}

/** Written by `sealEntry`, so a flat object. */
function parseFacts(text: string | null): Record<string, unknown> | null {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}
