/** A provider, as the API gives it and as its forms have it. What is secret goes one way: it is typed, and never given back. */
import type { AdminApi } from "../../api.ts";
import { parsePairs, parseWords } from "../../words.ts";

type ProvidersAnswer = NonNullable<Awaited<ReturnType<AdminApi["providers"]["get"]>>["data"]>;
export type Provider = ProvidersAnswer["providers"][number];

const NAMES = [
  "id",
  "kind",
  "base_url",
  "api_key",
  "no_key",
  "auth",
  "headers",
  "query",
  "models",
  "endpoints",
  "stream_usage",
  "price_id",
] as const;
/** As it stands in the fields. */
export type TypedProvider = Readonly<Record<(typeof NAMES)[number], string>>;

export const NEW_PROVIDER: TypedProvider = {
  id: "",
  kind: "openai-compatible",
  base_url: "",
  api_key: "",
  no_key: "",
  auth: "",
  headers: "",
  query: "",
  models: "",
  endpoints: "",
  stream_usage: "true",
  price_id: "",
};

export function typedOf(provider: Provider): TypedProvider {
  return {
    ...NEW_PROVIDER,
    id: provider.id,
    kind: provider.kind ?? "",
    base_url: provider.base_url,
    auth: provider.auth,
    models: (provider.models ?? []).join("\n"),
    endpoints: provider.endpoints.join(", "),
    stream_usage: provider.stream_usage ? "true" : "",
    price_id: provider.price_id ?? "",
  };
}

export function readTyped(form: URLSearchParams): TypedProvider {
  const of = (name: (typeof NAMES)[number]) => form.get(name)?.trim() ?? "";
  return {
    id: of("id"),
    kind: of("kind"),
    base_url: of("base_url"),
    api_key: of("api_key"),
    no_key: of("no_key"),
    auth: of("auth"),
    headers: of("headers"),
    query: of("query"),
    models: parseWords(of("models")).join("\n"),
    endpoints: parseWords(of("endpoints")).join(", "),
    stream_usage: of("stream_usage"),
    price_id: of("price_id"),
  };
}

/** For the page that says what was refused: all but what is secret, which is typed again. */
export function withoutSecrets(typed: TypedProvider): TypedProvider {
  return { ...typed, api_key: "", headers: "", query: "" };
}

/** What differs from before; what was emptied is taken away. Secrets: what was typed, if anything was. */
export function changesOf(before: TypedProvider, typed: TypedProvider) {
  const differs = (name: keyof TypedProvider) => typed[name] !== before[name];
  const lists = (name: "models" | "endpoints") =>
    typed[name] === "" ? null : parseWords(typed[name]);
  const isKeyless = typed.no_key !== "";
  return {
    ...(differs("kind") ? { kind: typed.kind } : {}),
    ...(differs("base_url") ? { base_url: typed.base_url || null } : {}),
    ...(isKeyless
      ? { api_key: null, auth: null }
      : {
          ...(typed.api_key === "" ? {} : { api_key: typed.api_key }),
          ...(differs("auth") ? { auth: typed.auth || null } : {}),
        }),
    ...(typed.headers === "" ? {} : { headers: parsePairs(typed.headers) }),
    ...(typed.query === "" ? {} : { query: parsePairs(typed.query) }),
    ...(differs("models") ? { models: lists("models") } : {}),
    ...(differs("endpoints") || differs("stream_usage")
      ? {
          capabilities: {
            ...(differs("endpoints") ? { endpoints: lists("endpoints") } : {}),
            ...(differs("stream_usage") ? { stream_usage: typed.stream_usage !== "" } : {}),
          },
        }
      : {}),
    ...(differs("price_id") ? { price_id: typed.price_id || null } : {}),
  };
}
