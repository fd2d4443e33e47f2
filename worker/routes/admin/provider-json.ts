/** A provider as the admin API shows and takes it, and as the audit log names it. Of what is secret, fingerprints and names alone. */
import { t } from "elysia";
import { isIdentity } from "../../chat.ts";
import type { RosterEntry } from "../../providers/roster.ts";
import { fingerprint } from "../../providers/stored-provider.ts";

const Name = t.Union([t.String(), t.Null()]);
const Time = t.Union([t.String({ format: "date-time" }), t.Null()]);

export const ProviderRecord = t.Object(
  {
    id: t.String(),
    source: t.String({
      description: "deployment: from the environment, to be changed there | database: set here",
    }),
    state: t.String({
      description:
        "ok | name_taken | credential_unknown_key | credential_damaged | invalid | unreadable. Requests to one that is not ok fail; they never go to another.",
    }),
    kind: Name,
    base_url: t.String(),
    auth: t.String({ description: "How the key is sent: bearer | api-key | x-api-key | none" }),
    key_fingerprint: t.Union([t.String(), t.Null()], {
      description: "SHA-256 of the key, its beginning",
    }),
    headers: t.Array(t.String(), { description: "Names of own headers; their values are secret" }),
    query: t.Array(t.String(), { description: "Names of own parameters; their values are secret" }),
    models: t.Union([t.Array(t.String()), t.Null()], { description: "Null: whatever it has" }),
    endpoints: t.Array(t.String()),
    stream_usage: t.Boolean(),
    price_id: t.Union([t.String(), t.Null()], { description: "Of the price data; null: unpriced" }),
    version: t.Union([t.Integer(), t.Null()], { description: "For `If-Match`; null: deployment" }),
    created_at: Time,
    changed_at: Time,
    changed_by: Name,
  },
  { description: "A provider" },
);

export function toProviderJson({ name, state, settings, stored }: RosterEntry) {
  const what = stored?.what ?? null;
  const key = settings?.apiKey ?? null;
  return {
    id: name,
    source: stored === null ? "deployment" : "database",
    state,
    kind: settings?.kind ?? null,
    base_url: settings === null || settings.kind === "demo" ? "" : settings.baseUrl.href,
    auth: settings?.auth ?? "none",
    key_fingerprint:
      stored === null ? (key === null ? null : fingerprint(key)) : (what?.keyFingerprint ?? null),
    headers: [...(what?.headers ?? settings?.headers.map(([header]) => header) ?? [])],
    query: [...(what?.query ?? settings?.query.map(([parameter]) => parameter) ?? [])],
    models: settings === null || settings.models === null ? null : [...settings.models],
    endpoints: [...(settings?.capabilities.endpoints ?? [])],
    stream_usage: settings?.capabilities.streamUsage ?? false,
    price_id: settings?.priceId ?? null,
    version: stored?.version ?? null,
    created_at: what === null ? null : new Date(what.createdAtMs).toISOString(),
    changed_at: stored === null ? null : new Date(stored.changedAtMs).toISOString(),
    changed_by: stored?.changedBy ?? null,
  };
}

/**
 * What the audit log holds of it: names and numbers; lists by their length, and `terms`, which changes with anything in them, and with the
 * values of headers and query.
 */
export function providerFacts(entry: RosterEntry) {
  const json = toProviderJson(entry);
  const { kind, auth, key_fingerprint, price_id, stream_usage, version } = json;
  const { headers, query } = entry.settings ?? { headers: [], query: [] };
  return {
    kind,
    base_url: namedUrl(json.base_url),
    auth,
    key_fingerprint,
    headers: json.headers.length,
    query: json.query.length,
    models: json.models === null ? null : json.models.length,
    endpoints: json.endpoints.length === 0 ? null : json.endpoints.join("+"),
    stream_usage,
    price_id,
    terms: fingerprint(JSON.stringify([json.models, json.endpoints, headers, query])),
    version,
  };
}

/** The audit log holds names; an address with brackets or escapes is none. */
function namedUrl(url: string): string | null {
  if (url === "") return null;
  return isIdentity(url) ? url : fingerprint(url);
}
