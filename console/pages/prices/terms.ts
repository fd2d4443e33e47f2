/** Prices of one's own, as the API gives them and as forms have them: dollars a million tokens, as text. */
import type { AdminApi } from "../../api.ts";

export type Prices = NonNullable<Awaited<ReturnType<AdminApi["prices"]["get"]>>["data"]>;
export type Price = Prices["overrides"][number];

export const AMOUNTS = [
  { name: "input", label: "Input" },
  { name: "output", label: "Output" },
  { name: "cached_input", label: "Cached input" },
  { name: "cache_write", label: "Cache write" },
  { name: "cache_write_1h", label: "Cache write, 1 h" },
  { name: "reasoning", label: "Reasoning" },
] as const;
type AmountName = (typeof AMOUNTS)[number]["name"];

/** As it stands in the fields; empty: what the price file falls back to. */
export type TypedPrice = Readonly<
  Record<AmountName | "provider" | "model" | "version" | "request", string>
>;

/** @param nowMs prices are called by their day, unless someone knows better */
export function newPrice(nowMs: number): TypedPrice {
  return {
    ...NO_AMOUNTS,
    provider: "",
    model: "",
    version: new Date(nowMs).toISOString().slice(0, 10),
    request: "",
  };
}

const NO_AMOUNTS: Readonly<Record<AmountName, string>> = {
  input: "",
  output: "",
  cached_input: "",
  cache_write: "",
  cache_write_1h: "",
  reasoning: "",
};

export function readTyped(from: URLSearchParams, before: TypedPrice): TypedPrice {
  const of = (name: keyof TypedPrice) => from.get(name)?.trim() ?? before[name];
  return {
    input: of("input"),
    output: of("output"),
    cached_input: of("cached_input"),
    cache_write: of("cache_write"),
    cache_write_1h: of("cache_write_1h"),
    reasoning: of("reasoning"),
    provider: of("provider"),
    model: of("model"),
    version: of("version"),
    request: of("request"),
  };
}

/** A price file of one price. */
export function fileOf(typed: TypedPrice) {
  const { provider, model, version, request } = typed;
  const amounts = AMOUNTS.map(({ name }) => [`${name}_usd_per_million`, typed[name]]);
  const given = [...amounts, ["request_usd", request]].filter(([, amount]) => amount !== "");
  return { version, prices: [{ provider, model, ...Object.fromEntries(given) }] };
}

export interface PriceFile {
  readonly version: string;
  readonly prices: object[];
}

/** Null for what is no price file at all; what is wrong within one, the gateway says. */
export function parseFile(text: string): PriceFile | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== "object" || json === null) return null;
  const { version, prices } = { version: undefined, prices: undefined, ...json };
  if (typeof version !== "string" || !Array.isArray(prices)) return null;
  return { ...json, version, prices };
}
