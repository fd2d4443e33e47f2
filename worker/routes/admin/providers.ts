/** `/admin/providers`: what is configured, without its secrets; providers that are set here; and whether they answer. */
import { t } from "elysia";
import type { Actor } from "../../accounts/roles.ts";
import { PROVIDER_AUTHS, PROVIDER_KINDS } from "../../config/provider-settings.ts";
import type { Deps } from "../../deps.ts";
import { probeProvider } from "../../providers/probe.ts";
import { change, found } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { changeProvider, createProvider, removeProvider } from "./provider-changes.ts";
import { ProviderRecord, toProviderJson } from "./provider-json.ts";

const Name = t.Union([t.String(), t.Null()]);
const Id = t.Object({ id: t.String({ description: "The operator's name for it" }) });
const Texts = t.Union([t.Record(t.String(), Name), t.Null()]);

const ProviderBody = t.Object(
  {
    kind: t.Optional(t.String({ description: PROVIDER_KINDS.join(" | ") })),
    base_url: t.Optional(
      t.Union([t.String(), t.Null()], { description: "As for its SDK: https://host/v1" }),
    ),
    api_key: t.Optional(
      t.Union([t.String(), t.Null()], { description: "Taken as it is; sealed, and never shown" }),
    ),
    auth: t.Optional(t.Union([t.String(), t.Null()], { description: PROVIDER_AUTHS.join(" | ") })),
    headers: t.Optional(Texts),
    query: t.Optional(Texts),
    models: t.Optional(t.Union([t.Array(t.String()), t.Null()])),
    capabilities: t.Optional(
      t.Union([
        t.Object(
          {
            stream_usage: t.Optional(t.Union([t.Boolean(), t.Null()])),
            endpoints: t.Optional(t.Union([t.Array(t.String()), t.Null()])),
          },
          { additionalProperties: true },
        ),
        t.Null(),
      ]),
    ),
    price_id: t.Optional(
      t.Union([t.String(), t.Null()], { description: "Of the price data; null: unpriced" }),
    ),
  },
  { additionalProperties: true },
);
const NewProviderBody = t.Intersect([
  t.Object({ id: t.Optional(t.String({ description: "The operator's name for it" })) }),
  ProviderBody,
]);
const detail = describeIn("Providers");
const ANSWERS = { 200: ProviderRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError };

export function providerRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/providers", "providers")
    .get("", () => ({ providers: deps.providers.entries.map(toProviderJson) }), {
      response: {
        200: t.Object(
          { providers: t.Array(ProviderRecord) },
          { description: "In the order in which bare model names are looked up" },
        ),
        ...ADMIN_ERRORS,
      },
      detail: detail("Providers: the deployment's, and those that were set here"),
    })
    .post(
      "",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createProvider(deps, actor, body);
      },
      {
        parse: "json",
        body: NewProviderBody,
        response: { 201: ProviderRecord, ...ADMIN_ERRORS, 409: AdminError },
        detail: detail(
          "Set a provider",
          "Members as in ANYRAY_PROVIDERS, and `id`. `${NAME}` is no variable here. A loopback or private address must be one that a provider of the deployment is at. In force at once.",
        ),
      },
    )
    .get("/:id", ({ params }) => toProviderJson(find(deps, params.id)), {
      params: Id,
      response: { 200: ProviderRecord, ...ADMIN_ERRORS, 404: AdminError },
      detail: detail("One provider"),
    })
    .patch(
      "/:id",
      ({ params, body, actor, request }) => changeProvider(deps, actor, params.id, body, request),
      {
        parse: "json",
        params: Id,
        body: ProviderBody,
        response: ANSWERS,
        detail: detail(
          "Change a provider",
          "What is left out stays; null takes a member away. Where `base_url` leads to another host, what is secret must be sent again. `If-Match` with the version guards against a change meanwhile. Requests under way are not touched.",
        ),
      },
    )
    .delete(
      "/:id",
      ({ params, actor, request }) => removeProvider(deps, actor, params.id, request),
      {
        parse: "none",
        params: Id,
        response: {
          200: t.Object({ removed: t.Boolean() }, { description: "Its models are gone" }),
          ...ADMIN_ERRORS,
          404: AdminError,
          409: AdminError,
        },
        detail: detail("Remove a provider", "Requests under way go on to their end."),
      },
    )
    .post("/:id/test", ({ params, actor }) => testProvider(deps, actor, params.id), {
      parse: "none",
      params: Id,
      response: {
        200: t.Object(
          {
            code: t.String({
              description: "ok | credential_refused | unexpected_status | unreachable | timeout",
            }),
            status: t.Union([t.Integer(), t.Null()]),
            latency_ms: t.Integer(),
            next: Name,
          },
          { description: "What came of it, and what to do" },
        ),
        ...ADMIN_ERRORS,
        404: AdminError,
        409: AdminError,
      },
      detail: detail(
        "Ask a provider for its models, with the configured credential",
        "Costs nothing. Nothing of its answer is kept or shown.",
      ),
    });
}

const NEXT: Readonly<Record<string, string | null>> = {
  ok: null,
  credential_refused: "Check the provider's API key, and how it is sent (`auth`).",
  unexpected_status: "Check the base URL. Some servers have no list of models: then try a request.",
  unreachable: "Check the base URL, the provider's state, and the gateway's network.",
  timeout: "The provider, or the network on the way, is slow or silent.",
};

async function testProvider(deps: Deps, actor: Actor, id: string) {
  const provider = found(
    deps.routing.providers.find(({ name }) => name === id),
    "id",
    "provider",
  );
  const probe = await probeProvider(provider, () => deps.clock.monotonic());
  const after = { code: probe.code, status: probe.status };
  await change(deps, actor, { action: "provider.test", target: id, before: null, after }, []);
  return {
    code: probe.code,
    status: probe.status,
    latency_ms: probe.latencyMs,
    next: NEXT[probe.code] ?? null,
  };
}

function find(deps: Deps, id: string) {
  return found(deps.providers.find(id), "id", "provider");
}
