/**
 * The file that an operator writes to set prices, for models that the vendored data lacks or where a contract differs:
 *
 *     {
 *       "version": "2026-11-01",
 *       "prices": [
 *         {
 *           "provider": "groq",
 *           "model": "llama-3.1-8b-instant",
 *           "input_usd_per_million": "0.05",
 *           "cached_input_usd_per_million": "0.025",
 *           "cache_write_usd_per_million": "0.0625",
 *           "cache_write_1h_usd_per_million": "0.1",
 *           "output_usd_per_million": "0.08",
 *           "reasoning_usd_per_million": "0.08",
 *           "request_usd": "0",
 *           "tiers": [{ "above_input_tokens": 200000, "input_usd_per_million": "0.1" }],
 *           "service_tiers": { "priority": { "input_usd_per_million": "0.1", "output_usd_per_million": "0.16" } }
 *         }
 *       ]
 *     }
 *
 * `provider` is the operator's name for it, `model` the exact upstream name; of the amounts, input and output are required
 * (`price.ts` says what the others fall back to). In a tier, what is left out stays as it is below the limit. Pure.
 */
import { isIdentity } from "../chat.ts";
import type { PriceOverrideEntry } from "./catalogue.ts";
import { formatDecimal } from "./decimal.ts";
import { type PriceFault, readPrice, USD_PER_MILLION } from "./price-json.ts";
import type { ModelPrice, RatePlan, TokenPrices } from "./price.ts";

const MAX_PRICES = 10_000;
/** Leaves room for the mark that the catalogue may put behind it. */
const MAX_VERSION = 96;

/** `value` is parsed JSON. Never throws; without faults the entries are complete. */
export function readPriceFile(value: unknown): {
  readonly entries: readonly PriceOverrideEntry[];
  readonly faults: readonly PriceFault[];
} {
  const faults: PriceFault[] = [];
  if (!isObject(value))
    return { entries: [], faults: [{ path: "", problem: "must be an object" }] };
  if (Object.keys(value).some((key) => key !== "version" && key !== "prices")) {
    faults.push({ path: "", problem: "has an unknown key; known are version, prices" });
  }
  const { version, prices } = value;
  if (typeof version !== "string" || !isIdentity(version) || version.length > MAX_VERSION) {
    faults.push({ path: "version", problem: "must be a short name such as 2026-11-01" });
  }
  if (!Array.isArray(prices) || prices.length === 0 || prices.length > MAX_PRICES) {
    faults.push({ path: "prices", problem: `must be a list of 1 to ${MAX_PRICES}` });
    return { entries: [], faults };
  }
  const seen = new Set<string>();
  const entries = prices.flatMap((item: unknown, index) => {
    const own: PriceFault[] = [];
    const price = readPrice(item, USD_PER_MILLION, own, "provider", "model");
    const provider = readName(item, "provider", own);
    const model = readName(item, "model", own);
    const name = `${provider}/${model}`;
    if (provider !== null && model !== null && seen.has(name)) {
      own.push({ path: "model", problem: "is priced twice for this provider" });
    }
    seen.add(name);
    const here = `prices[${index}]`;
    for (const { path, problem } of own) {
      faults.push({ path: path === "" ? here : `${here}.${path}`, problem });
    }
    if (price === null || provider === null || model === null) return [];
    return [{ provider, model, price, version: typeof version === "string" ? version : "" }];
  });
  return { entries: faults.length === 0 ? entries : [], faults };
}

function readName(item: unknown, key: string, faults: PriceFault[]): string | null {
  const name = isObject(item) ? item[key] : undefined;
  if (typeof name === "string" && isIdentity(name)) return name;
  if (isObject(item))
    faults.push({ path: key, problem: "must be a name that the ledger can keep" });
  return null;
}

/** Every amount of a price by its key in the file, `tiers` and `service_tiers` written out: for comparing and printing. */
export function listAmounts(price: ModelPrice): ReadonlyMap<string, string> {
  const amounts = new Map<string, string>();
  addPlan(amounts, "", price);
  for (const [tier, plan] of price.serviceTiers) addPlan(amounts, `${tier} `, plan);
  return amounts;
}

function addPlan(amounts: Map<string, string>, prefix: string, plan: RatePlan): void {
  const addPrices = (prices: TokenPrices, suffix: string): void => {
    for (const [name, key] of Object.entries(USD_PER_MILLION.keys)) {
      // `Object.entries` widens the key.
      const amount = prices[name as keyof TokenPrices];
      const label = key.replace("_usd_per_million", "");
      amounts.set(prefix + label + suffix, formatDecimal(amount, USD_PER_MILLION.tokenScale));
    }
  };
  addPrices(plan.prices, "");
  if (plan.request > 0n) {
    amounts.set(`${prefix}request`, formatDecimal(plan.request, USD_PER_MILLION.requestScale));
  }
  for (const tier of plan.tiers) addPrices(tier.prices, ` above ${tier.aboveInputTokens}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
