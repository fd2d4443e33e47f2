/** `/admin/limits`: how fast, and how many at once. */
import { t } from "elysia";
import { CAP_SCOPES, type RateLimit } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import type { Deps } from "../../deps.ts";
import { createId } from "../../secret-text.ts";
import { Members, needed } from "./body.ts";
import { change, found, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { expectedVersion } from "./if-match.ts";
import { invalid } from "./query.ts";

const MAX_PER_MINUTE = 1_000_000_000;
const MAX_AT_ONCE = 1_000_000;
const Whole = t.Union([t.Integer(), t.Null()], { description: "Null: any number; 0: none" });
const Name = t.Union([t.String(), t.Null()]);

const LimitRecord = t.Object(
  {
    id: t.String(),
    scope: t.String({ description: CAP_SCOPES.join(" | ") }),
    scope_id: t.Union([t.String(), t.Null()], {
      description: "A user, a team, a key's id; null: each of them apart, or the organisation",
    }),
    requests_per_minute: Whole,
    tokens_per_minute: Whole,
    concurrent: t.Union([t.Integer(), t.Null()], {
      description: "Requests at once; null: any number; 0: none",
    }),
    created_at: t.String({ format: "date-time" }),
    version: t.Integer(),
  },
  { description: "A rate limit" },
);

const LimitBody = t.Object(
  {
    scope: t.Optional(t.String()),
    scope_id: t.Optional(Name),
    requests_per_minute: t.Optional(Whole),
    tokens_per_minute: t.Optional(Whole),
    concurrent: t.Optional(Whole),
  },
  { additionalProperties: true },
);
const Id = t.Object({ id: t.String({ description: "`lim_…`" }) });
const detail = describeIn("Caps and limits");

export function limitRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/limits", "quotas")
    .get("", () => ({ limits: deps.quotas.rates.all.map(toJson) }), {
      response: {
        200: t.Object({ limits: t.Array(LimitRecord) }, { description: "Oldest first" }),
        ...ADMIN_ERRORS,
      },
      detail: detail("Rate limits"),
    })
    .post(
      "",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createLimit(deps, actor, body);
      },
      {
        parse: "json",
        body: LimitBody,
        response: { 201: LimitRecord, ...ADMIN_ERRORS, 409: AdminError },
        detail: detail(
          "Make a rate limit",
          "Needed: scope, and one of the three limits. One of 0 stops all that it holds for.",
        ),
      },
    )
    .patch(
      "/:id",
      ({ params, body, actor, request }) => changeLimit(deps, actor, params.id, body, request),
      {
        parse: "json",
        params: Id,
        body: LimitBody,
        response: { 200: LimitRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
        detail: detail("Change a rate limit", "`null` takes a limit away."),
      },
    )
    .delete("/:id", ({ params, actor }) => removeLimit(deps, actor, params.id), {
      parse: "none",
      params: Id,
      response: { 200: LimitRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("Remove a rate limit"),
    });
}

type Bounds = Pick<RateLimit, "requestsPerMinute" | "tokensPerMinute" | "concurrent">;
const BOUNDS = ["requests_per_minute", "tokens_per_minute", "concurrent"] as const;

async function createLimit(deps: Deps, actor: Actor, body: unknown) {
  const members = new Members(body, ["scope", "scope_id", ...BOUNDS]);
  const scope = needed(members.choice("scope", CAP_SCOPES), "scope");
  const scopeId = members.name("scope_id") ?? null;
  if (scope === "org" && scopeId !== null) throw invalid("scope_id", "The organisation has none.");
  const limit: RateLimit = {
    id: createId("lim_", deps.random),
    scope,
    scopeId,
    ...readBounds(members, { requestsPerMinute: null, tokensPerMinute: null, concurrent: null }),
    createdAtMs: deps.clock.now(),
    version: 1,
  };
  const facts = { before: null, after: termsOf(limit) };
  await change(deps, actor, { action: "limit.create", target: limit.id, ...facts }, [
    { kind: "limit.put", limit, expectedVersion: 0 },
  ]);
  await read(() => deps.quotas.reload());
  return toJson(limit);
}

async function changeLimit(deps: Deps, actor: Actor, id: string, body: unknown, request: Request) {
  const before = findLimit(deps, id);
  const bounds = readBounds(new Members(body, BOUNDS), before);
  const limit: RateLimit = { ...before, ...bounds, version: before.version + 1 };
  const facts = { before: termsOf(before), after: termsOf(limit) };
  await change(deps, actor, { action: "limit.change", target: id, ...facts }, [
    { kind: "limit.put", limit, expectedVersion: expectedVersion(request) ?? before.version },
  ]);
  await read(() => deps.quotas.reload());
  return toJson(limit);
}

async function removeLimit(deps: Deps, actor: Actor, id: string) {
  const limit = findLimit(deps, id);
  const facts = { before: termsOf(limit), after: null };
  await change(deps, actor, { action: "limit.remove", target: id, ...facts }, [
    { kind: "limit.remove", id },
  ]);
  await read(() => deps.quotas.reload());
  return toJson(limit);
}

function findLimit(deps: Deps, id: string): RateLimit {
  return found(
    deps.quotas.rates.all.find((limit) => limit.id === id),
    "id",
    "limit",
  );
}

function readBounds(members: Members, before: Bounds): Bounds {
  const of = (name: (typeof BOUNDS)[number], known: number | null, max: number) =>
    members.has(name) ? (members.whole(name, 0, max) ?? null) : known;
  const bounds = {
    requestsPerMinute: of("requests_per_minute", before.requestsPerMinute, MAX_PER_MINUTE),
    tokensPerMinute: of("tokens_per_minute", before.tokensPerMinute, MAX_PER_MINUTE),
    concurrent: of("concurrent", before.concurrent, MAX_AT_ONCE),
  };
  if (Object.values(bounds).every((each) => each === null)) {
    throw invalid(null, `One of ${BOUNDS.join(", ")} is needed.`);
  }
  return bounds;
}

/** For answers, and for the audit log. */
function termsOf(limit: RateLimit) {
  return {
    scope: limit.scope,
    scope_id: limit.scopeId,
    requests_per_minute: limit.requestsPerMinute,
    tokens_per_minute: limit.tokensPerMinute,
    concurrent: limit.concurrent,
  };
}

function toJson(limit: RateLimit) {
  return {
    id: limit.id,
    ...termsOf(limit),
    created_at: new Date(limit.createdAtMs).toISOString(),
    version: limit.version,
  };
}
