/**
 * A `ModelPrice` as JSON, in two wordings: pico-dollars a token (`encodePrice`, `parsePrice`: what the override table keeps),
 * and dollars a million tokens (what people write, `price-file.ts`). Amounts are decimal strings: a JSON number would pass
 * through a float. Reading is strict, and a fault names the place, never the value.
 */
import { GatewayError } from "../errors.ts";
import { parseDecimal } from "./decimal.ts";
import {
  completePrice,
  type ModelPrice,
  type RatePlan,
  type StatedPlan,
  type StatedPrices,
  type TokenPrices,
} from "./price.ts";

export interface PriceFault {
  /** `tiers[0].input`; empty for the whole value. An unknown key is not named: its holder is. */
  readonly path: string;
  /** The end of the sentence that the path begins. */
  readonly problem: string;
}

/** One way to spell amounts. */
export interface Wording {
  readonly keys: Readonly<Record<keyof TokenPrices, string>>;
  readonly requestKey: string;
  /** 10^scale units of the text's own unit are one pico-dollar a token (tokens) or a request. */
  readonly tokenScale: number;
  readonly requestScale: number;
  /** Refuse digits below the pico-dollar instead of rounding them. */
  readonly isWholeOnly: boolean;
  readonly unit: string;
}

const CLASS_NAMES: Wording["keys"] = {
  input: "input",
  cachedInput: "cached_input",
  cacheWrite: "cache_write",
  cacheWrite1h: "cache_write_1h",
  output: "output",
  reasoning: "reasoning",
};

function mapClasses<T>(map: (name: keyof TokenPrices) => T): Record<keyof TokenPrices, T> {
  return {
    input: map("input"),
    cachedInput: map("cachedInput"),
    cacheWrite: map("cacheWrite"),
    cacheWrite1h: map("cacheWrite1h"),
    output: map("output"),
    reasoning: map("reasoning"),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

const PICO: Wording = {
  keys: CLASS_NAMES,
  requestKey: "requests",
  tokenScale: 0,
  requestScale: 0,
  isWholeOnly: true,
  unit: "whole pico-dollars",
};

/** `input_usd_per_million` and so on: 1 USD a million tokens is 10^6 pico-dollars a token. Finer digits round half-even. */
export const USD_PER_MILLION: Wording = {
  keys: mapClasses((name) => `${CLASS_NAMES[name]}_usd_per_million`),
  requestKey: "request_usd",
  tokenScale: 6,
  requestScale: 12,
  isWholeOnly: false,
  unit: "dollars",
};

const MAX_TIERS = 8;
/** Pico-dollars: 0.10 USD a token, 1,000 USD a request. Above them a row's cost could leave the database's integers. */
const MAX_TOKEN = 10n ** 11n;
const MAX_REQUEST = 10n ** 15n;
const SERVICE_TIER = /^[a-z0-9][a-z0-9_-]{0,31}$/;

export function encodePrice(price: ModelPrice): string {
  const tiers = [...price.serviceTiers].map(([name, plan]) => [name, encodePlan(plan)]);
  return JSON.stringify({
    ...encodePlan(price),
    ...(tiers.length === 0 ? {} : { service_tiers: Object.fromEntries(tiers) }),
  });
}

function encodePlan(plan: RatePlan): Record<string, unknown> {
  const tiers = plan.tiers.map((tier) => ({
    above_input_tokens: tier.aboveInputTokens,
    ...encodePrices(tier.prices),
  }));
  return {
    ...encodePrices(plan.prices),
    ...(plan.request === 0n ? {} : { requests: plan.request.toString() }),
    ...(tiers.length === 0 ? {} : { tiers }),
  };
}

function encodePrices(prices: TokenPrices): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapClasses((name) => prices[name].toString())).map(([name, amount]) => [
      // `Object.entries` widens the key that `mapClasses` has just given.
      CLASS_NAMES[name as keyof TokenPrices],
      amount,
    ]),
  );
}

/** Reads what `encodePrice` wrote, or an admin sent. Throws `invalid_request` naming the first field at fault. */
export function parsePrice(json: string): ModelPrice {
  const faults: PriceFault[] = [];
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The runtime's message would quote the text.
    faults.push({ path: "", problem: "is not valid JSON" });
  }
  const price = faults.length === 0 ? readPrice(value, PICO, faults) : null;
  const [first] = faults;
  if (price !== null && first === undefined) return price;
  throw new GatewayError("invalid_request", {
    field: first === undefined || first.path === "" ? "price" : `price.${first.path}`,
    hint: `This field ${first?.problem ?? "is not a price"}.`,
  });
}

/**
 * Reads a price that somebody wrote. Returns null and adds to `faults` if there is anything wrong with it.
 * `ownKeys` are keys of the same object that belong to the caller.
 */
export function readPrice(
  value: unknown,
  wording: Wording,
  faults: PriceFault[],
  ...ownKeys: readonly string[]
): ModelPrice | null {
  const reader = new PriceReader(wording, faults);
  const before = faults.length;
  const plan = reader.plan(value, "", [...ownKeys, "service_tiers"]);
  const serviceTiers = reader.serviceTiers(isObject(value) ? value["service_tiers"] : undefined);
  return plan === null || faults.length > before ? null : { ...plan, serviceTiers };
}

/** Walks one price. A `path` is that of the object at hand, with a dot at its end unless it is empty. */
class PriceReader {
  readonly #wording: Wording;
  readonly #faults: PriceFault[];

  constructor(wording: Wording, faults: PriceFault[]) {
    this.#wording = wording;
    this.#faults = faults;
  }

  serviceTiers(value: unknown): ReadonlyMap<string, RatePlan> {
    const plans = new Map<string, RatePlan>();
    if (value === undefined) return plans;
    if (!isObject(value) || Object.keys(value).length > MAX_TIERS) {
      this.#fault("service_tiers", `must be an object of at most ${MAX_TIERS}`);
      return plans;
    }
    for (const [name, body] of Object.entries(value)) {
      if (!SERVICE_TIER.test(name)) {
        this.#fault("service_tiers", "has a key that is no service tier");
        continue;
      }
      const plan = this.plan(body, `service_tiers.${name}.`, []);
      if (plan !== null) plans.set(name, plan);
    }
    return plans;
  }

  plan(value: unknown, path: string, ownKeys: readonly string[]): RatePlan | null {
    const { keys, requestKey } = this.#wording;
    if (!isObject(value)) {
      this.#fault(path, "must be an object");
      return null;
    }
    this.#checkKeys(value, path, [...Object.values(keys), requestKey, "tiers", ...ownKeys]);
    const prices = this.#prices(value, path);
    // Without one of these the price would fall back: right for published data, a slip in what somebody writes.
    if (value[keys.input] === undefined) this.#fault(path + keys.input, "is missing");
    if (value[keys.output] === undefined) this.#fault(path + keys.output, "is missing");
    const request = this.#amount(value, path, requestKey);
    const tiers = this.#tiers(value["tiers"], `${path}tiers`);
    const { input } = prices;
    if (input === undefined) return null;
    return completePrice({ prices: { ...prices, input }, request: request ?? 0n, tiers });
  }

  #tiers(value: unknown, path: string): NonNullable<StatedPlan["tiers"]> {
    if (value === undefined) return [];
    if (!Array.isArray(value) || value.length > MAX_TIERS) {
      this.#fault(path, `must be a list of at most ${MAX_TIERS}`);
      return [];
    }
    let previous = 0;
    return value.flatMap((item: unknown, index) => {
      const here = `${path}[${index}].`;
      if (!isObject(item)) {
        this.#fault(here, "must be an object");
        return [];
      }
      this.#checkKeys(item, here, ["above_input_tokens", ...Object.values(this.#wording.keys)]);
      const prices = this.#prices(item, here);
      const limit = item["above_input_tokens"];
      if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit <= previous) {
        const problem = "must be a whole number above 0 and above the tier before";
        this.#fault(`${here}above_input_tokens`, problem);
        return [];
      }
      previous = limit;
      return [{ aboveInputTokens: limit, prices }];
    });
  }

  #prices(value: JsonObject, path: string): StatedPrices {
    const amounts = mapClasses((name) => this.#amount(value, path, this.#wording.keys[name]));
    return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined));
  }

  #amount(value: JsonObject, path: string, key: string): bigint | undefined {
    const { requestKey, requestScale, tokenScale, isWholeOnly, unit } = this.#wording;
    const isRequest = key === requestKey;
    const text = value[key];
    if (text === undefined) return undefined;
    const isText = typeof text === "string" && !(isWholeOnly && text.includes("."));
    const amount = isText ? parseDecimal(text, isRequest ? requestScale : tokenScale) : null;
    if (amount === null) {
      this.#fault(path + key, `must be a decimal string of ${unit}, without sign or exponent`);
      return undefined;
    }
    if (amount > (isRequest ? MAX_REQUEST : MAX_TOKEN)) {
      this.#fault(path + key, "is more than any model costs");
      return undefined;
    }
    return amount;
  }

  #checkKeys(value: JsonObject, path: string, known: readonly string[]): void {
    if (Object.keys(value).some((key) => !known.includes(key))) {
      this.#fault(path, `has an unknown key; known are ${known.join(", ")}`);
    }
  }

  #fault(path: string, problem: string): void {
    this.#faults.push({ path: path.replace(/\.$/, ""), problem });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
