/**
 * How one entry of `ANYRAY_PROVIDERS` becomes `ProviderSettings`. Everything is checked here, so that the registry builds without
 * a fault; every fault is reported, not only the first.
 */
import { isIdentity, type AnyEndpoint } from "../chat.ts";
import { parseBaseUrl } from "./base-url.ts";
import { expand, type LookUp } from "./expand.ts";
import { type Fields, readFields, type Report } from "./json-fields.ts";
import { findPriceId, isPriceId } from "./price-id.ts";
import { readHeaders } from "./provider-headers.ts";
import {
  demoProvider,
  isApiKey,
  KIND_AUTH,
  KIND_ENDPOINTS,
  KIND_OPAQUE_ENDPOINTS,
  PROVIDER_AUTHS,
  PROVIDER_KINDS,
  PROVIDER_NAME,
  type ProviderKind,
  type ProviderSettings,
} from "./provider-settings.ts";
import type { JsonObject } from "./strict-json.ts";

export const PROVIDER_FIELDS = [
  "kind",
  "base_url",
  "api_key",
  "auth",
  "headers",
  "query",
  "models",
  "capabilities",
  "price_id",
];
const DEMO_FIELDS = ["kind", "models", "capabilities"];

function readModels(fields: Fields, report: Report): readonly string[] | null {
  const models = fields.texts("models");
  if (models === undefined) return null;
  models.forEach((model, index) => {
    if (!isIdentity(model)) {
      report(
        `${fields.at("models")}[${index}]`,
        "is not a name that the ledger can keep: letters, digits and . _ @ : / + = - only, a letter or digit first, 128 at most.",
      );
    }
  });
  return models;
}

function readCapabilities(
  fields: Fields,
  kind: ProviderKind,
  report: Report,
): ProviderSettings["capabilities"] {
  const given = fields.object("capabilities", ["stream_usage", "endpoints"]);
  const known: readonly AnyEndpoint[] = [...KIND_ENDPOINTS[kind], ...KIND_OPAQUE_ENDPOINTS[kind]];
  const names = given?.texts("endpoints");
  const endpoints =
    names === undefined ? KIND_ENDPOINTS[kind] : known.filter((name) => names.includes(name));
  if (given !== undefined && names !== undefined && endpoints.length < names.length) {
    report(given.at("endpoints"), `may list, for this kind: ${known.join(", ")}.`);
  }
  return { streamUsage: given?.flag("stream_usage") ?? true, endpoints: new Set(endpoints) };
}

function readApiKey(fields: Fields, lookUp: LookUp | null, report: Report): string | null {
  const template = fields.text("api_key");
  if (template === undefined) return null;
  const where = fields.at("api_key");
  const key = expand(template, lookUp);
  if (!key.ok) for (const problem of key.problems) report(where, problem);
  else if (!isApiKey(key.text)) report(where, "must be visible ASCII without spaces.");
  else return key.text;
  return null;
}

function readPriceId(fields: Fields, known: () => string | null, report: Report): string | null {
  if (fields.isNull("price_id")) return null;
  const given = fields.text("price_id");
  if (given === undefined) return known();
  if (!isPriceId(given)) report(fields.at("price_id"), "is not a provider of the price data.");
  return given;
}

/** Null if it was reported. */
function readBaseUrl(
  fields: Fields,
  ownBaseUrl: URL | undefined,
  report: Report,
): { readonly url: URL; readonly allowPrivate: boolean } | null {
  const text = fields.text("base_url");
  if (text === undefined) {
    if (ownBaseUrl !== undefined) return { url: ownBaseUrl, allowPrivate: false };
    if (!fields.has("base_url")) report(fields.at("base_url"), "is missing.");
    return null;
  }
  const parsed = parseBaseUrl(text);
  if (parsed.ok) return { url: parsed.url, allowPrivate: !parsed.isPublicAddress };
  report(fields.at("base_url"), parsed.problem);
  return null;
}

/**
 * One entry of the JSON. Null if it is so wrong that nothing can be built; less is reported, and built as far as it goes.
 * `ownBaseUrls`: where a kind is when the entry does not say. `lookUp`: null where `${NAME}` is no variable.
 */
export function parseProvider(
  entry: { readonly name: string; readonly where: string; readonly members: JsonObject },
  ownBaseUrls: ReadonlyMap<ProviderKind, URL>,
  lookUp: LookUp | null,
  report: Report,
): ProviderSettings | null {
  const { name, where, members } = entry;
  if (!PROVIDER_NAME.test(name)) {
    report(where, "is not a provider name: lower-case letters, digits and . _ - only, 64 at most.");
  }
  const isDemo = members.get("kind") === "demo";
  const fields = readFields(members, where, isDemo ? DEMO_FIELDS : PROVIDER_FIELDS, report);
  const kind = fields.oneOf("kind", PROVIDER_KINDS);
  if (kind === undefined) {
    if (!fields.has("kind")) {
      report(fields.at("kind"), `is missing. One of: ${PROVIDER_KINDS.join(", ")}.`);
    }
    return null;
  }
  const models = readModels(fields, report);
  const capabilities = readCapabilities(fields, kind, report);
  if (kind === "demo") return { ...demoProvider(name), models, capabilities };

  const base = readBaseUrl(fields, ownBaseUrls.get(kind), report);
  const apiKey = readApiKey(fields, lookUp, report);
  const givenAuth = fields.oneOf("auth", PROVIDER_AUTHS);
  if (givenAuth !== undefined && (givenAuth === "none") === fields.has("api_key")) {
    report(
      fields.at("auth"),
      "does not fit: an api_key needs a way to be sent, and the other way round.",
    );
  }
  const auth = givenAuth ?? (fields.has("api_key") ? KIND_AUTH[kind] : "none");
  const headers = readHeaders(fields, auth, lookUp, report);
  const query = fields.pairs("query") ?? [];
  if (base === null) return null;
  return {
    name,
    kind,
    baseUrl: base.url,
    apiKey,
    auth,
    headers,
    query,
    models,
    capabilities,
    allowPrivate: base.allowPrivate,
    priceId: readPriceId(fields, () => findPriceId(name, kind, base.url), report),
  };
}
