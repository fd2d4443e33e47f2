/** `/admin/providers`: what is configured, without its secrets, and whether it answers. */
import { t } from "elysia";
import { createHash } from "node:crypto";
import type { Actor } from "../../accounts/roles.ts";
import type { ProviderSettings } from "../../config/load.ts";
import type { Deps } from "../../deps.ts";
import { probeProvider } from "../../providers/probe.ts";
import { change, found } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";

const FINGERPRINT_DIGITS = 16;
const Name = t.Union([t.String(), t.Null()]);

const ProviderRecord = t.Object({
  id: t.String(),
  kind: t.String(),
  base_url: t.String(),
  auth: t.String({ description: "How the key is sent: bearer | api-key | x-api-key | none" }),
  key_fingerprint: t.Union([t.String(), t.Null()], {
    description: "SHA-256 of the key, its beginning",
  }),
  endpoints: t.Array(t.String()),
  models: t.Union([t.Array(t.String()), t.Null()], { description: "Null: whatever it has" }),
  price_id: t.Union([t.String(), t.Null()], { description: "Of the price data; null: unpriced" }),
  headers: t.Array(t.String(), { description: "Names of own headers" }),
});
const detail = describeIn("Providers");

export function providerRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/providers", "providers")
    .get("", () => ({ providers: deps.providerSettings.map(toJson) }), {
      response: {
        200: t.Object(
          { providers: t.Array(ProviderRecord) },
          { description: "In the order in which bare model names are looked up" },
        ),
        ...ADMIN_ERRORS,
      },
      detail: detail("Providers as they are configured"),
    })
    .post("/:id/test", ({ params, actor }) => testProvider(deps, actor, params.id), {
      parse: "none",
      params: t.Object({ id: t.String() }),
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

function toJson(settings: ProviderSettings) {
  const { apiKey, models } = settings;
  return {
    id: settings.name,
    kind: settings.kind,
    base_url: settings.kind === "demo" ? "" : settings.baseUrl.href,
    auth: settings.auth,
    key_fingerprint:
      apiKey === null
        ? null
        : createHash("sha256").update(apiKey).digest("hex").slice(0, FINGERPRINT_DIGITS),
    endpoints: [...settings.capabilities.endpoints],
    models: models === null ? null : [...models],
    price_id: settings.priceId,
    headers: settings.headers.map(([name]) => name),
  };
}
