/** `/admin/users` and `/admin/teams`: who spends, by traffic and by keys, and what they may spend. */
import { t } from "elysia";
import type { SpendGroupRow } from "../../../db/store.ts";
import type { Deps } from "../../deps.ts";
import type { Payer } from "../../limits/scope.ts";
import { windowAt } from "../../limits/window.ts";
import { formatPicoUsd } from "../../money.ts";
import { CapView, toCapView } from "./caps.ts";
import { read } from "./change.ts";
import { ADMIN_ERRORS } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { parseLimit, parseRange, readParameters } from "./query.ts";

const Text = (description: string) => t.Optional(t.String({ description }));
const Count = t.Integer({ minimum: 0 });

const Person = t.Object({
  name: t.String(),
  requests: Count,
  input_tokens: Count,
  output_tokens: Count,
  cost_usd: t.String(),
  last_seen: t.Union([t.String({ format: "date-time" }), t.Null()]),
  keys: t.Integer({ description: "Live client keys that are bound to them" }),
  caps: t.Array(CapView),
});
const Parameters = t.Object(
  {
    from: Text("Inclusive; a date (UTC) or RFC 3339. Default: the first of this month, UTC"),
    to: Text("Exclusive; default: now"),
    limit: Text("1 to 1000, default 100"),
    name: Text("This one alone"),
  },
  { additionalProperties: true },
);

export function peopleRoutes(deps: Deps) {
  const options = (who: string) => ({
    query: Parameters,
    detail: {
      tags: ["Spend"],
      summary: `${who}: what they spent, their caps, when they were last seen`,
      description:
        "The costliest first, then those with a key and no request. Default: this month.",
      security: [{ adminToken: [] }],
    },
  });
  return adminGroup(deps, "/admin", "spend")
    .get("/users", async ({ request }) => ({ users: await people(deps, "user", request.url) }), {
      ...options("Users"),
      response: {
        200: t.Object({ users: t.Array(Person) }, { description: "The costliest first" }),
        ...ADMIN_ERRORS,
      },
    })
    .get("/teams", async ({ request }) => ({ teams: await people(deps, "team", request.url) }), {
      ...options("Teams"),
      response: {
        200: t.Object({ teams: t.Array(Person) }, { description: "The costliest first" }),
        ...ADMIN_ERRORS,
      },
    });
}

async function people(deps: Deps, kind: "user" | "team", url: string) {
  const parameters = readParameters(url, ["from", "to", "limit", "name"]);
  const name = parameters.get("name");
  const where = name === undefined ? {} : { [kind]: name };
  const nowMs = deps.clock.now();
  const month = windowAt("month", "UTC", nowMs);
  const range = parameters.has("from")
    ? parseRange(parameters, nowMs)
    : parseRange(new Map([["from", new Date(month.startMs).toISOString()], ...parameters]), nowMs);
  const limit = parseLimit(parameters.get("limit"));
  const [{ groups }, keys] = await read(() =>
    Promise.all([
      deps.store.ledger.spend({ ...range, where, groupBy: [kind], timeZone: "UTC", limit }),
      deps.store.keys.list(),
      deps.quotas.refresh(),
    ]),
  );
  const live = keys.filter(
    (key) => key.revokedAtMs === null && (key.expiresAtMs ?? Infinity) > nowMs,
  );
  const countOf = (name: string) => live.filter((key) => key[kind] === name).length;
  const seen = groups.flatMap((group) => {
    const name = group.key[kind] ?? null;
    return name === null ? [] : [{ name, group }];
  });
  const known = new Set(seen.map(({ name }) => name));
  const bound = live
    .map((key) => key[kind])
    .filter((each) => each !== null && !known.has(each) && (name ?? each) === each);
  const unseen = [...new Set(bound)].sort().map((name) => ({ name: name ?? "", group: null }));
  return [...seen, ...unseen].slice(0, limit).map(({ name, group }) => ({
    name,
    ...sums(group),
    keys: countOf(name),
    caps: deps.quotas.caps
      .statusOf(payerOf(kind, name))
      .filter(({ cap }) => cap.scope === kind)
      .map(toCapView),
  }));
}

function payerOf(kind: "user" | "team", name: string): Payer {
  return { keyId: "", user: null, team: null, [kind]: name };
}

function sums(group: SpendGroupRow | null) {
  return {
    requests: group?.rows ?? 0,
    input_tokens: group?.inputTokens ?? 0,
    output_tokens: group?.outputTokens ?? 0,
    cost_usd: formatPicoUsd(group?.costPicoUsd ?? 0n),
    last_seen: group === null ? null : new Date(group.lastMs).toISOString(),
  };
}
