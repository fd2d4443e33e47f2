/**
 * What a model costs, and what a usage costs by it. Every amount is a whole number of pico-dollars (10^-12 USD) a token,
 * so a cost is an exact sum: nothing is rounded here. Pure. Where prices come from is `catalogue.ts`; their JSON is
 * `price-json.ts`.
 *
 * No class of tokens is free because a price list leaves it out (`completePrice`):
 * - cached input without a price costs as input (who publishes no discount gives none);
 * - cache writes cost as input (OpenAI before GPT-5.6, Gemini, Groq, DeepSeek, xAI charge no premium; who charges one
 *   publishes it, as Anthropic and OpenAI since GPT-5.6 do);
 * - writes for an hour cost twice the input, and never less than a 5-minute write: Anthropic alone sells them, at that ratio;
 * - output costs as input (only embedding and ranking models publish none, and they answer no tokens);
 * - reasoning costs as output.
 *
 * Does not price: audio, image and video tokens apart from text, citations, server-side tools (web search), cache storage by
 * the hour, regional surcharges. `Usage` does not carry them.
 */
import type { Usage } from "../chat.ts";

/** Pico-dollars a token, for each class of tokens that is billed apart. */
export interface TokenPrices {
  /** Input that was neither read from nor written to a cache. */
  readonly input: bigint;
  readonly cachedInput: bigint;
  /** Written for the provider's usual lifetime (Anthropic: 5 minutes). */
  readonly cacheWrite: bigint;
  readonly cacheWrite1h: bigint;
  /** Output that is not reasoning. */
  readonly output: bigint;
  readonly reasoning: bigint;
}

/** Prices of a long request. They hold for *all* its tokens, not only for those above the limit. */
export interface ContextTier {
  /** Applies where all input, cached and written included, is more than this. */
  readonly aboveInputTokens: number;
  readonly prices: TokenPrices;
}

/** One complete price: per token, per request, and for long requests. */
export interface RatePlan {
  readonly prices: TokenPrices;
  /** Pico-dollars for the request as such. */
  readonly request: bigint;
  /** Ascending by `aboveInputTokens`. */
  readonly tiers: readonly ContextTier[];
}

export interface ModelPrice extends RatePlan {
  /** Other plans by the answer's `service_tier`. Only overrides have them: the vendored data knows list prices alone. */
  readonly serviceTiers: ReadonlyMap<string, RatePlan>;
}

/** What a source states. In a tier, a class left out keeps the price it has without the tier. */
export type StatedPrices = { readonly [K in keyof TokenPrices]?: bigint };
export interface StatedPlan {
  readonly prices: StatedPrices & { readonly input: bigint };
  readonly request?: bigint;
  readonly tiers?: readonly { readonly aboveInputTokens: number; readonly prices: StatedPrices }[];
}

function completePrices(stated: StatedPrices & { readonly input: bigint }): TokenPrices {
  const { input, cachedInput = input, cacheWrite = input, output = input } = stated;
  const twice = 2n * input;
  const { cacheWrite1h = twice > cacheWrite ? twice : cacheWrite, reasoning = output } = stated;
  return { input, cachedInput, cacheWrite, cacheWrite1h, output, reasoning };
}

/** Fills in what a source left out, by the rules above. */
export function completePrice(stated: StatedPlan): RatePlan {
  const tiers = (stated.tiers ?? []).map(({ aboveInputTokens, prices }) => ({
    aboveInputTokens,
    prices: completePrices({ ...stated.prices, ...prices }),
  }));
  return {
    prices: completePrices(stated.prices),
    request: stated.request ?? 0n,
    tiers: tiers.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens),
  };
}

/** The prices that hold for a request with this much input. */
export function pricesFor(plan: RatePlan, inputTokens: number): TokenPrices {
  let prices = plan.prices;
  for (const tier of plan.tiers) {
    if (inputTokens <= tier.aboveInputTokens) break;
    prices = tier.prices;
  }
  return prices;
}

/** Pico-dollars of one attempt. Exact. `usage` MUST hold its invariants; counts that contradict each other never give a credit. */
export function costPicoUsd(plan: RatePlan, usage: Usage): bigint {
  const prices = pricesFor(plan, usage.inputTokens);
  const {
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    reasoningTokens: reasoning,
  } = usage;
  const written1h = usage.cacheWrite1hTokens;
  let cost = plan.request + times(usage.inputTokens - cached - written, prices.input);
  if (cached > 0) cost += times(cached, prices.cachedInput);
  if (written > 0) cost += times(written - written1h, prices.cacheWrite);
  if (written1h > 0) cost += times(written1h, prices.cacheWrite1h);
  cost += times(usage.outputTokens - reasoning, prices.output);
  if (reasoning > 0) cost += times(reasoning, prices.reasoning);
  return cost;
}

function times(tokens: number, price: bigint): bigint {
  return tokens > 0 ? BigInt(tokens) * price : 0n;
}
