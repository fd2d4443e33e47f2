/** `/admin/routes`: the way from a model's name to a provider: aliases, and who is asked first for a bare name. */
import { t } from "elysia";
import type { Actor } from "../../accounts/roles.ts";
import { parseAliases } from "../../config/providers.ts";
import { PROVIDER_NAME, type ProviderSettings } from "../../config/provider-settings.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { providerOf } from "../../providers/roster.ts";
import { encodeRoutes, ROUTES_SETTING } from "../../providers/routes.ts";
import { fingerprint } from "../../providers/stored-provider.ts";
import { Members } from "./body.ts";
import { change, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { expectedVersion } from "./if-match.ts";
import { invalid } from "./query.ts";

const MAX_CHARACTERS = 16_384;
const Aliases = (description: string) => t.Record(t.String(), t.String(), { description });

const RoutesRecord = t.Object(
  {
    aliases: Aliases("Set here: a model's name → `provider/model`"),
    order: t.Array(t.String(), {
      description: "Set here: providers in the order in which a bare name is looked up",
    }),
    deployment_aliases: Aliases("From the environment; these win"),
    effective_order: t.Array(t.String(), {
      description: "All providers; those that `order` leaves out come after it",
    }),
    broken_aliases: t.Array(t.String(), {
      description: "Lead to a provider that is gone, or to a model that it does not list",
    }),
    version: t.Integer({ description: "For `If-Match`" }),
    changed_at: t.Union([t.String({ format: "date-time" }), t.Null()]),
    changed_by: t.Union([t.String(), t.Null()]),
  },
  { description: "From a model's name to a provider" },
);
const detail = describeIn("Providers");

export function routeRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/routes", "providers")
    .get("", () => toJson(deps), {
      response: { 200: RoutesRecord, ...ADMIN_ERRORS },
      detail: detail("Aliases, and the order of providers"),
    })
    .put("", ({ body, actor, request }) => changeRoutes(deps, actor, body, request), {
      parse: "json",
      body: t.Object(
        {
          aliases: t.Optional(t.Record(t.String(), t.String())),
          order: t.Optional(t.Array(t.String())),
        },
        { additionalProperties: true },
      ),
      response: { 200: RoutesRecord, ...ADMIN_ERRORS, 409: AdminError },
      detail: detail(
        "Set aliases, and the order of providers",
        "Each of the two is replaced whole; one that is left out stays. What a GET gives may be sent back. In force at once. `If-Match` with the version guards against a change meanwhile.",
      ),
    });
}

async function changeRoutes(deps: Deps, actor: Actor, body: unknown, request: Request) {
  // What a GET gives may be sent back: these members are not changed by it.
  const members = new Members(body, Object.keys(RoutesRecord.properties));
  const before = deps.providers.routes;
  const { aliases: given, order: wanted } = {
    aliases: undefined,
    order: undefined,
    ...asObject(body),
  };
  if (!members.has("aliases") && !members.has("order")) {
    throw invalid(null, "Send aliases, order, or both.");
  }
  const aliases = given === undefined ? before.aliases : readAliases(deps, given);
  const order = wanted === undefined ? before.order : readOrder(deps, wanted);
  const value = encodeRoutes({ aliases, order });
  if (value.length > MAX_CHARACTERS) throw invalid("aliases", "All of it may have 16 KiB.");
  const facts = { before: factsOf(before), after: factsOf({ aliases, order }) };
  await change(deps, actor, { action: "routes.change", target: "routes", ...facts }, [
    {
      kind: "setting",
      name: ROUTES_SETTING,
      value,
      expectedVersion: expectedVersion(request) ?? before.version,
    },
  ]);
  await read(() => deps.providers.reload());
  return toJson(deps);
}

function readAliases(deps: Deps, given: unknown): ReadonlyMap<string, string> {
  const faults: string[] = [];
  const aliases = parseAliases(
    new Map(Object.entries(asObject(given)).map(([alias, target]) => [alias, String(target)])),
    knownProviders(deps),
    "aliases",
    (where, problem) => void faults.push(`${where} ${problem}`),
  );
  if (faults.length > 0) throw invalid("aliases", faults.slice(0, 5).join(" "));
  for (const alias of aliases.keys()) {
    if (!deps.providers.deploymentAliases.has(alias)) continue;
    throw new GatewayError("conflict", {
      field: "aliases",
      hint: "The deployment has one of these aliases; it is changed there.",
    });
  }
  return aliases;
}

function readOrder(deps: Deps, wanted: unknown): readonly string[] {
  const hint = "It lists names of providers, each once. `GET /admin/providers` has them.";
  const names = Array.isArray(wanted) ? wanted.map(String) : [];
  const isKnown = (name: string) => PROVIDER_NAME.test(name) && deps.providers.find(name) !== null;
  if (new Set(names).size < names.length || !names.every(isKnown)) throw invalid("order", hint);
  return names;
}

function knownProviders(deps: Deps): ReadonlyMap<string, Pick<ProviderSettings, "models">> {
  return new Map(
    deps.providers.entries.map(({ name, settings }) => [
      name,
      { models: settings?.models ?? null },
    ]),
  );
}

function toJson(deps: Deps) {
  const { routes, deploymentAliases, entries } = deps.providers;
  const { aliases, order, version, changedAtMs, changedBy } = routes;
  const known = knownProviders(deps);
  const isBroken = (target: string): boolean => {
    const provider = known.get(providerOf(target));
    const model = target.slice(target.indexOf("/") + 1);
    return provider === undefined || (provider.models?.includes(model) ?? true) === false;
  };
  return {
    aliases: Object.fromEntries(aliases),
    order: [...order],
    deployment_aliases: Object.fromEntries(deploymentAliases),
    effective_order: entries.map(({ name }) => name),
    broken_aliases: [...aliases].filter(([, target]) => isBroken(target)).map(([alias]) => alias),
    version,
    changed_at: changedAtMs === null ? null : new Date(changedAtMs).toISOString(),
    changed_by: changedBy,
  };
}

/** Lists by their length, and what changes with anything in them. */
function factsOf(routes: Parameters<typeof encodeRoutes>[0]) {
  return {
    aliases: routes.aliases.size,
    order: routes.order.length,
    terms: fingerprint(encodeRoutes(routes)),
  };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
