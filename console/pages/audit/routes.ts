/** `/audit`: what administrators did; whether the log is whole; and the whole of it as a file. */
import { ask, mendable, parseRefusal } from "../../api.ts";
import { hasAll } from "../../components/later.tsx";
import { PAGE_ROWS } from "../../cut.ts";
import type { Answer, Page, Route, Visit } from "../../visit.ts";
import { auditView, verdictView, verifyView, type AuditFilters } from "./view.tsx";

export const auditRoutes: readonly Route[] = [
  { path: "/audit", area: "audit", show },
  { path: "/audit/verify", area: "audit", show: verify },
  { path: "/audit/verify/verdict", area: "audit", show: showVerdict },
  { path: "/audit.jsonl", area: "audit", show: sendLog },
];

const FILTERS = ["from", "to", "actor", "action", "target"] as const;

async function show(visit: Visit): Promise<Page> {
  const filters = readFilters(visit);
  const checkpoints = await ask(visit.api.audit.checkpoints.get());
  try {
    const { entries, next_cursor: nextCursor } = await readEntries(visit, filters);
    const shown = { entries, nextCursor, filters, checkpoints, fault: null };
    return { title: "Audit", body: auditView(visit, shown) };
  } catch (error) {
    const fault = mendable(error).message;
    const shown = { entries: [], nextCursor: null, filters, checkpoints, fault };
    return { title: "Audit", status: 400, body: auditView(visit, shown) };
  }
}

function readFilters({ query }: Visit): AuditFilters {
  const of = (name: keyof AuditFilters) => query.get(name)?.trim() ?? "";
  return {
    from: of("from"),
    to: of("to"),
    actor: of("actor"),
    action: of("action"),
    target: of("target"),
  };
}

function readEntries({ api, query }: Visit, filters: AuditFilters) {
  const given = FILTERS.filter((name) => filters[name] !== "");
  const cursor = query.get("cursor");
  const where = {
    ...Object.fromEntries(given.map((name) => [name, filters[name]])),
    ...(cursor === null ? {} : { cursor }),
    limit: String(PAGE_ROWS),
  };
  return ask(api.audit.get({ query: where }));
}

async function verify(visit: Visit): Promise<Page> {
  const [verdict, { public_key: publicKey }] = await Promise.all([
    hasAll(visit) ? ask(visit.api.audit.verify.get()) : null,
    ask(visit.api.audit.checkpoints.get()),
  ]);
  return { title: "The audit log, verified", body: verifyView(visit, verdict, publicKey) };
}

async function showVerdict({ api }: Visit): Promise<Answer> {
  return { piece: verdictView(await ask(api.audit.verify.get())) };
}

/** The gateway's own bytes, as they come. */
async function sendLog(visit: Visit): Promise<Answer> {
  const response = await visit.raw("/admin/audit/export").catch(() => null);
  if (response === null) throw parseRefusal(503, null);
  if (!response.ok) throw parseRefusal(response.status, await response.json().catch(() => null));
  return new Response(response.body, {
    headers: {
      "content-type": "application/x-ndjson",
      "content-disposition": 'attachment; filename="anyray-audit.jsonl"',
      "cache-control": "no-store",
    },
  });
}
