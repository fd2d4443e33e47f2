/** `GET` and `PUT /admin/retention`: how long traces, the ledger and sign-ins are kept. */
import { t } from "elysia";
import type { Deps } from "../../deps.ts";
import {
  isWindow,
  MAX_DAYS,
  MIN_SESSION_DAYS,
  WINDOW_NAMES,
  type RetentionStatus,
  type Windows,
} from "../../retention-windows.ts";
import { Members } from "./body.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { expectedVersion } from "./if-match.ts";
import { invalid } from "./query.ts";

const Days = (description: string) =>
  t.Union([t.Integer({ minimum: 0 }), t.Null()], { description });

const RetentionRecord = t.Object(
  {
    traces_days: Days("Traces and their sealed content; 0: for ever"),
    ledger_days: Days("Ledger rows; 0: for ever"),
    sessions_days: Days(
      `Sign-ins that ended, and what was used under caps; 0: for ever, else at least ${MIN_SESSION_DAYS}`,
    ),
    state: t.String({
      description: "ok | unreadable: what is stored can't be read, and nothing is deleted",
    }),
    deployment: t.Object(
      { traces_days: t.Integer(), ledger_days: t.Integer() },
      { description: "What the environment says" },
    ),
    version: t.Integer({ description: "For `If-Match`; 0: the deployment's count" }),
    changed_at: t.Union([t.String({ format: "date-time" }), t.Null()]),
    changed_by: t.Union([t.String(), t.Null()]),
  },
  { description: "How long things are kept, in days" },
);
const detail = describeIn("Privacy");

export function retentionRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/retention", "privacy")
    .get("", () => toJson(deps.retention.status()), {
      response: { 200: RetentionRecord, ...ADMIN_ERRORS },
      detail: detail("How long things are kept"),
    })
    .put(
      "",
      async ({ body, actor, request }) => {
        const windows = readWindows(body);
        const expected = expectedVersion(request);
        return toJson(await deps.retention.change(windows, actor.name, expected));
      },
      {
        parse: "json",
        body: t.Object(
          {
            traces_days: t.Optional(t.Integer()),
            ledger_days: t.Optional(t.Integer()),
            sessions_days: t.Optional(t.Integer()),
          },
          { additionalProperties: true },
        ),
        response: { 200: RetentionRecord, ...ADMIN_ERRORS, 409: AdminError },
        detail: detail(
          "Change how long things are kept",
          "What is left out stays. What is too old then is deleted, batch by batch, from this moment on; nothing brings it back. `If-Match` with the version guards against a change meanwhile.",
        ),
      },
    );
}

function readWindows(body: unknown): Partial<Windows> {
  // What a GET gives may be sent back: the other members are not changed by it.
  const members = new Members(body, Object.keys(RetentionRecord.properties));
  const given = WINDOW_NAMES.flatMap((name) => {
    const days = members.whole(name, 0, MAX_DAYS);
    if (days === undefined || days === null) return [];
    if (isWindow(name, days)) return [[name, days] as const];
    throw invalid(name, `It is 0, or at least ${MIN_SESSION_DAYS}: a cap's window may be a month.`);
  });
  if (given.length === 0) throw invalid(null, `Send one of ${WINDOW_NAMES.join(", ")}.`);
  return Object.fromEntries(given);
}

function toJson({ windows, deployment, version, changedAtMs, changedBy }: RetentionStatus) {
  return {
    traces_days: windows?.traces_days ?? null,
    ledger_days: windows?.ledger_days ?? null,
    sessions_days: windows?.sessions_days ?? null,
    state: windows === null ? "unreadable" : "ok",
    deployment: { ...deployment },
    version,
    changed_at: changedAtMs === null ? null : new Date(changedAtMs).toISOString(),
    changed_by: changedBy,
  };
}
