/** `/admin/caps`: what may be spent, and what was. */
import { t } from "elysia";
import { CAP_MODES, CAP_SCOPES, CAP_UNITS, CAP_WINDOWS, type Cap } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { amountText, parseAmount } from "../../limits/amount.ts";
import type { CapStatus } from "../../limits/caps.ts";
import { initialUsage } from "../../limits/initial-usage.ts";
import { isTimeZone } from "../../limits/window.ts";
import { createId } from "../../secret-text.ts";
import { Members, needed } from "./body.ts";
import { change, found, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { expectedVersion } from "./if-match.ts";
import { invalid } from "./query.ts";

/** Of one cap; those who used most. */
const MAX_SHOWN = 100;

const Name = t.Union([t.String(), t.Null()]);
const Amount = t.Union([t.String(), t.Number()], {
  description: 'Dollars ("25", "0.50") or whole tokens',
});

export const CapUsageRecord = t.Object({
  subject: t.Union([t.String(), t.Null()], { description: "Null: the whole organisation" }),
  used: t.String(),
  reserved: t.String({ description: "By requests under way" }),
  percent: t.Number(),
  window_start: t.String({ format: "date-time" }),
  window_end: t.String({ format: "date-time" }),
});

const CapRecord = t.Object(
  {
    id: t.String(),
    scope: t.String({ description: CAP_SCOPES.join(" | ") }),
    scope_id: t.Union([t.String(), t.Null()], {
      description: "A user, a team, a key's id; null: each of them apart, or the organisation",
    }),
    unit: t.String({ description: CAP_UNITS.join(" | ") }),
    amount: t.String(),
    window: t.String({ description: CAP_WINDOWS.join(" | ") }),
    time_zone: t.String(),
    mode: t.String({
      description: "hard: refused with 429; soft: said in a header and the audit log",
    }),
    warn_percent: t.Union([t.Integer(), t.Null()]),
    created_at: t.String({ format: "date-time" }),
    version: t.Integer(),
    usage: t.Array(CapUsageRecord, {
      description: `In the present window, the ${MAX_SHOWN} that used most`,
    }),
  },
  { description: "A cap, and what is used of it" },
);

const CapBody = t.Object(
  {
    scope: t.Optional(t.String()),
    scope_id: t.Optional(Name),
    unit: t.Optional(t.String()),
    amount: t.Optional(Amount),
    window: t.Optional(t.String()),
    time_zone: t.Optional(t.String({ description: "IANA name; default UTC" })),
    mode: t.Optional(t.String({ description: "Default hard" })),
    warn_percent: t.Optional(t.Union([t.Integer(), t.Null()])),
  },
  { additionalProperties: true },
);
const Id = t.Object({ id: t.String({ description: "`cap_…`" }) });
const detail = describeIn("Caps and limits");

export function capRoutes(deps: Deps) {
  const underWay = new Set<string>();
  return adminGroup(deps, "/admin/caps", "quotas")
    .get("", () => showCaps(deps), {
      response: {
        200: t.Object({ caps: t.Array(CapRecord) }, { description: "Oldest first" }),
        ...ADMIN_ERRORS,
      },
      detail: detail("Caps, and what is used of them"),
    })
    .post(
      "",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createCap(deps, actor, body, underWay);
      },
      {
        parse: "json",
        body: CapBody,
        response: { 201: CapRecord, ...ADMIN_ERRORS, 409: AdminError },
        detail: detail(
          "Make a cap",
          "What was spent in its present window already counts. Needed: scope, unit, amount, window. 409 where there is the same already.",
        ),
      },
    )
    .get("/:id", ({ params }) => showCap(deps, params.id), {
      params: Id,
      response: { 200: CapRecord, ...ADMIN_ERRORS, 404: AdminError },
      detail: detail("One cap"),
    })
    .patch(
      "/:id",
      ({ params, body, actor, request }) => changeCap(deps, actor, params.id, body, request),
      {
        parse: "json",
        params: Id,
        body: CapBody,
        response: { 200: CapRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
        detail: detail(
          "Change a cap",
          "amount, mode and warn_percent; for anything else make another cap. `If-Match` with the version guards against a change meanwhile.",
        ),
      },
    )
    .delete("/:id", ({ params, actor }) => removeCap(deps, actor, params.id), {
      parse: "none",
      params: Id,
      response: { 200: CapRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("Remove a cap"),
    });
}

async function showCaps(deps: Deps) {
  await read(() => deps.quotas.refresh());
  return { caps: deps.quotas.caps.all.map((cap) => toJson(deps, cap)) };
}

async function showCap(deps: Deps, id: string) {
  await read(() => deps.quotas.refresh());
  return toJson(deps, findCap(deps, id));
}

const CHANGEABLE = ["amount", "mode", "warn_percent"] as const;
const KNOWN = ["scope", "scope_id", "unit", "window", "time_zone", ...CHANGEABLE] as const;

/** @param underWay terms of caps that are being made: of a form that is sent twice */
async function createCap(deps: Deps, actor: Actor, body: unknown, underWay: Set<string>) {
  const members = new Members(body, KNOWN);
  const scope = needed(members.choice("scope", CAP_SCOPES), "scope");
  const scopeId = members.name("scope_id") ?? null;
  if (scope === "org" && scopeId !== null) throw invalid("scope_id", "The organisation has none.");
  const unit = needed(members.choice("unit", CAP_UNITS), "unit");
  const nowMs = deps.clock.now();
  const cap: Cap = {
    id: createId("cap_", deps.random),
    scope,
    scopeId,
    unit,
    amount: needed(readAmount(members, unit), "amount"),
    window: needed(members.choice("window", CAP_WINDOWS), "window"),
    timeZone:
      members.text("time_zone", "It is an IANA name, such as Europe/Berlin.", isTimeZone) ?? "UTC",
    mode: members.choice("mode", CAP_MODES) ?? "hard",
    warnPercent: members.whole("warn_percent", 1, 100) ?? null,
    createdAtMs: nowMs,
    version: 1,
  };
  const terms = JSON.stringify(termsOf(cap));
  const same = deps.quotas.caps.all.find((other) => JSON.stringify(termsOf(other)) === terms);
  if (same !== undefined || underWay.has(terms)) {
    const which = same === undefined ? "It is being made." : `It is ${same.id}.`;
    throw new GatewayError("conflict", { hint: `There is the same cap already. ${which}` });
  }
  underWay.add(terms);
  try {
    const usage = await read(() => initialUsage(deps.store.ledger, cap, nowMs));
    const facts = { before: null, after: termsOf(cap) };
    await change(deps, actor, { action: "cap.create", target: cap.id, ...facts }, [
      { kind: "cap.put", cap, expectedVersion: 0 },
      { kind: "cap.usage", usage },
    ]);
    await read(async () => {
      await deps.quotas.reload();
      await deps.quotas.begin(usage);
    });
  } finally {
    underWay.delete(terms);
  }
  return toJson(deps, cap);
}

async function changeCap(deps: Deps, actor: Actor, id: string, body: unknown, request: Request) {
  const members = new Members(body, CHANGEABLE);
  const before = findCap(deps, id);
  const cap: Cap = {
    ...before,
    amount: readAmount(members, before.unit) ?? before.amount,
    mode: members.choice("mode", CAP_MODES) ?? before.mode,
    warnPercent: members.has("warn_percent")
      ? (members.whole("warn_percent", 1, 100) ?? null)
      : before.warnPercent,
    version: before.version + 1,
  };
  const facts = { before: termsOf(before), after: termsOf(cap) };
  await change(deps, actor, { action: "cap.change", target: id, ...facts }, [
    { kind: "cap.put", cap, expectedVersion: expectedVersion(request) ?? before.version },
  ]);
  await read(() => deps.quotas.reload());
  return toJson(deps, cap);
}

async function removeCap(deps: Deps, actor: Actor, id: string) {
  const cap = findCap(deps, id);
  const json = toJson(deps, cap);
  const facts = { before: termsOf(cap), after: null };
  await change(deps, actor, { action: "cap.remove", target: id, ...facts }, [
    { kind: "cap.remove", id },
  ]);
  await read(() => deps.quotas.reload());
  return json;
}

function findCap(deps: Deps, id: string): Cap {
  return found(
    deps.quotas.caps.all.find((cap) => cap.id === id),
    "id",
    "cap",
  );
}

function readAmount(members: Members, unit: Cap["unit"]): bigint | null {
  const amount = members.written("amount");
  if (amount === undefined) return null;
  const parsed = parseAmount(unit, amount);
  if (parsed === null) {
    throw invalid(
      "amount",
      unit === "usd"
        ? 'It is in dollars, such as "25" or "0.50".'
        : "It is a whole number of tokens.",
    );
  }
  return parsed;
}

function toJson(deps: Deps, cap: Cap) {
  return {
    id: cap.id,
    ...termsOf(cap),
    created_at: new Date(cap.createdAtMs).toISOString(),
    version: cap.version,
    usage: deps.quotas.caps.usageOf(cap.id).slice(0, MAX_SHOWN).map(toUsageJson),
  };
}

/** For answers, and for the audit log. */
function termsOf(cap: Cap) {
  return {
    scope: cap.scope,
    scope_id: cap.scopeId,
    unit: cap.unit,
    amount: amountText(cap.unit, cap.amount),
    window: cap.window,
    time_zone: cap.timeZone,
    mode: cap.mode,
    warn_percent: cap.warnPercent,
  };
}

export function toUsageJson({ cap, subject, span, used, reserved }: CapStatus) {
  return {
    subject: subject === "" ? null : subject,
    used: amountText(cap.unit, used),
    reserved: amountText(cap.unit, reserved),
    percent: cap.amount === 0n ? 100 : Number((used * 10_000n) / cap.amount) / 100,
    window_start: new Date(span.startMs).toISOString(),
    window_end: new Date(span.endMs).toISOString(),
  };
}

/** A cap as whom it concerns sees it. */
export const CapView = t.Object({
  id: t.String(),
  scope: t.String(),
  scope_id: Name,
  unit: t.String(),
  amount: t.String(),
  window: t.String(),
  time_zone: t.String(),
  mode: t.String(),
  warn_percent: t.Union([t.Integer(), t.Null()]),
  ...CapUsageRecord.properties,
});

export function toCapView(status: CapStatus) {
  return { id: status.cap.id, ...termsOf(status.cap), ...toUsageJson(status) };
}
