/** What the pipeline asks of the price data: one question, one answer. Implemented by `worker/pricing/`. */
import type { Usage } from "../chat.ts";
import type { Provider } from "../providers/provider.ts";

export interface PriceQuestion {
  readonly provider: Pick<Provider, "name" | "priceId">;
  /** The model to price; the first that is known counts: what was served, else what was asked for. */
  readonly models: readonly (string | null)[];
  readonly usage: Usage;
  /** As the answer reported it; price depends on it. */
  readonly serviceTier: string | null;
  /** ms since 1970: prices change with time. */
  readonly timeMs: number;
}

export interface Priced {
  readonly costPicoUsd: bigint;
  readonly version: string;
}

export interface Pricing {
  /** Null: no price is known. */
  cost(question: PriceQuestion): Priced | null;
}
