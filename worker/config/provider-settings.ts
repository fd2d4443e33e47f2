/**
 * One provider as the operator configured it: the type, and what each kind is by default.
 * No provider's habits: those are in its folder. Parsing is in `parse-provider.ts`.
 */
import { OPAQUE_ENDPOINTS, type AnyEndpoint, type Endpoint } from "../chat.ts";
import { DEMO_PRICE_ID, findPriceId } from "./price-id.ts";

export const PROVIDER_KINDS = ["openai", "anthropic", "openai-compatible", "demo"] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** How the key is sent: `authorization: Bearer …`, `api-key: …`, `x-api-key: …`, or not at all. */
export const PROVIDER_AUTHS = ["bearer", "api-key", "x-api-key", "none"] as const;
export type ProviderAuth = (typeof PROVIDER_AUTHS)[number];

export interface ProviderSettings {
  readonly name: string;
  readonly kind: ProviderKind;
  /** See `BaseUrl`. Of a `demo`, which is in process and never connected to: `http://demo.invalid/`. */
  readonly baseUrl: URL;
  /** Null only with `auth: none`. */
  readonly apiKey: string | null;
  readonly auth: ProviderAuth;
  /** Sent with every request. Names in lower case; none is the credential's, hop-by-hop or about framing. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Added to every URL; not yet percent-encoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** What the operator listed; null: whatever the provider has. */
  readonly models: readonly string[] | null;
  readonly capabilities: {
    readonly streamUsage: boolean;
    readonly endpoints: ReadonlySet<AnyEndpoint>;
  };
  /** Whether its host may be, or resolve to, a loopback or private address: true where the operator wrote the host. */
  readonly allowPrivate: boolean;
  readonly priceId: string | null;
}

export const PROVIDER_NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** What a kind's wire offers unless the operator says otherwise. */
export const KIND_ENDPOINTS: Readonly<Record<ProviderKind, readonly Endpoint[]>> = {
  openai: ["chat", "completions", "responses", "embeddings"],
  "openai-compatible": ["chat", "completions", "responses", "embeddings"],
  anthropic: ["messages", "count_tokens"],
  demo: ["chat", "completions", "responses", "embeddings", "messages", "count_tokens"],
};
/** What an operator may name beside that: it passes unread. */
export const KIND_OPAQUE_ENDPOINTS: Readonly<Record<ProviderKind, readonly AnyEndpoint[]>> = {
  openai: OPAQUE_ENDPOINTS,
  "openai-compatible": OPAQUE_ENDPOINTS,
  anthropic: [],
  demo: [],
};
export const KIND_AUTH: Readonly<Record<ProviderKind, ProviderAuth>> = {
  openai: "bearer",
  "openai-compatible": "bearer",
  anthropic: "x-api-key",
  demo: "none",
};
/** The header that carries the key. */
export const AUTH_HEADER: Readonly<Record<ProviderAuth, string | null>> = {
  bearer: "authorization",
  "api-key": "api-key",
  "x-api-key": "x-api-key",
  none: null,
};
const API_KEY = /^[\x21-\x7e]+$/;

/** What is true of every demo provider, and of the one that is served where nothing is configured. */
export function demoProvider(name: string): ProviderSettings {
  return {
    name,
    kind: "demo",
    baseUrl: new URL("http://demo.invalid/"),
    apiKey: null,
    auth: "none",
    headers: [],
    query: [],
    models: null,
    capabilities: { streamUsage: true, endpoints: new Set(KIND_ENDPOINTS.demo) },
    allowPrivate: false,
    priceId: DEMO_PRICE_ID,
  };
}

/** The provider that a kind's own variables turn on (`<KIND>_API_KEY`, `<KIND>_BASE_URL`); named like the kind. */
export function keyedProvider(
  kind: "openai" | "anthropic",
  apiKey: string | null,
  base: { readonly url: URL; readonly allowPrivate: boolean },
): ProviderSettings {
  return {
    name: kind,
    kind,
    baseUrl: base.url,
    apiKey,
    auth: apiKey === null ? "none" : KIND_AUTH[kind],
    headers: [],
    query: [],
    models: null,
    capabilities: { streamUsage: true, endpoints: new Set(KIND_ENDPOINTS[kind]) },
    allowPrivate: base.allowPrivate,
    priceId: findPriceId(kind, kind, base.url),
  };
}

/** Whether an API key can stand in a header. */
export function isApiKey(text: string): boolean {
  return API_KEY.test(text);
}
