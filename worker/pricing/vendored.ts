/**
 * The vendored data's prices, which are floats of dollars a million, as our exact ones. A float is taken at its shortest
 * decimal text (what its author wrote); digits below the pico-dollar round half-even, once, here.
 */
import type {
  ConditionalPrice,
  ModelInfo,
  ModelPrice as VendoredPrice,
} from "@pydantic/genai-prices";
import { decimalText, parseDecimal } from "./decimal.ts";
import { completePrice, type ModelPrice, type StatedPrices, type TokenPrices } from "./price.ts";

/** A price and when it holds. In a timeline the first one that applies counts; the last one always applies. */
export interface TimedPrice {
  appliesAt(atMs: number): boolean;
  /** Null: the data has no token price for this time. */
  readonly price: ModelPrice | null;
}

const PRICE_KEYS: Readonly<Record<keyof TokenPrices, string>> = {
  input: "input_mtok",
  cachedInput: "cache_read_mtok",
  cacheWrite: "cache_write_mtok",
  cacheWrite1h: "cache_write_1h_mtok",
  output: "output_mtok",
  reasoning: "output_reasoning_mtok",
};
const REQUEST_KEY = "requests_kcount";
const NO_SERVICE_TIERS: ModelPrice["serviceTiers"] = new Map();
const FREE: ModelPrice = {
  ...completePrice({ prices: { input: 0n } }),
  serviceTiers: NO_SERVICE_TIERS,
};
const DAY_MS = 86_400_000;

/** Throws only where the data is not what its types say; a test reads all of it. */
export function toPriceTimeline(model: ModelInfo): readonly TimedPrice[] {
  const conditional: readonly ConditionalPrice[] = Array.isArray(model.prices)
    ? model.prices
    : [{ prices: model.prices }];
  const isFree = model.id.endsWith(":free");
  const timed = conditional.map(({ constraint, prices }) => ({
    appliesAt: toCondition(constraint),
    price: toPrice(prices, isFree),
  }));
  // The data's rule: of those that apply the last counts; if none does, the first.
  const [first] = timed;
  return first === undefined ? [] : [...timed.reverse(), { ...first, appliesAt: () => true }];
}

function toPrice(prices: VendoredPrice, isFree: boolean): ModelPrice | null {
  if (isFree && Object.keys(prices).length === 0) return FREE;
  const base = pricesAbove(prices, null);
  const { input } = base;
  if (input === undefined) return null;
  const request = prices[REQUEST_KEY];
  const plan = completePrice({
    prices: { ...base, input },
    // 1 USD a thousand requests is 10^9 pico-dollars a request.
    request: typeof request === "number" ? amount(request, 9) : 0n,
    tiers: tierLimits(prices).map((limit) => ({
      aboveInputTokens: limit,
      prices: pricesAbove(prices, limit),
    })),
  });
  return { ...plan, serviceTiers: NO_SERVICE_TIERS };
}

function tierLimits(prices: VendoredPrice): readonly number[] {
  const limits = Object.values(PRICE_KEYS).flatMap((key) => {
    const price = prices[key];
    return typeof price === "object" ? price.tiers.map((tier) => tier.start) : [];
  });
  return [...new Set(limits)].sort((a, b) => a - b);
}

/** The prices of each class beyond this many input tokens; null: below every limit. */
function pricesAbove(prices: VendoredPrice, limit: number | null): StatedPrices {
  const stated: { -readonly [K in keyof StatedPrices]: StatedPrices[K] } = {};
  for (const [name, key] of Object.entries(PRICE_KEYS)) {
    const price = prices[key];
    if (price === undefined) continue;
    let usdPerMillion = typeof price === "number" ? price : price.base;
    if (typeof price === "object" && limit !== null) {
      const reached = price.tiers.filter((tier) => tier.start <= limit);
      usdPerMillion = reached.sort((a, b) => a.start - b.start).at(-1)?.price ?? price.base;
    }
    // `Object.entries` widens the key of `PRICE_KEYS`.
    stated[name as keyof TokenPrices] = amount(usdPerMillion, 6);
  }
  return stated;
}

function amount(value: number, scale: number): bigint {
  const units = parseDecimal(decimalText(value) ?? "", scale);
  if (units === null) throw new Error("The price data has an amount that is no decimal.");
  return units;
}

function toCondition(constraint: ConditionalPrice["constraint"]): (atMs: number) => boolean {
  if (constraint === undefined) return () => true;
  if (constraint.type === "start_date") {
    const fromMs = Date.parse(`${constraint.start_date}T00:00:00Z`);
    return (atMs) => atMs >= fromMs;
  }
  const start = timeOfDayMs(constraint.start_time);
  const end = timeOfDayMs(constraint.end_time);
  return (atMs) => {
    const time = atMs % DAY_MS;
    return end < start ? time >= start || time < end : time >= start && time < end;
  };
}

/** `16:30:00Z` as ms since midnight UTC. Other zones are in the data's grammar. */
function timeOfDayMs(text: string): number {
  const ms = Date.parse(`1970-01-01T${text}`);
  if (!Number.isFinite(ms)) throw new Error("The price data has a time of day that is none.");
  return ((ms % DAY_MS) + DAY_MS) % DAY_MS;
}
