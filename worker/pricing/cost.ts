/** One question to the price data, one answer: what did this attempt cost? */
import type { Usage } from "../chat.ts";
import type { Catalogue } from "./catalogue.ts";
import { costPicoUsd } from "./price.ts";

export interface CostQuestion {
  /** The operator's name for the provider, and its id in the price data. */
  readonly provider: { readonly name: string; readonly priceId: string | null };
  /** The first that has a price counts: what was served, else what was asked for. */
  readonly models: readonly (string | null)[];
  readonly usage: Usage;
  /** As the answer reported it. */
  readonly serviceTier: string | null;
  /** When the request was accepted, ms since 1970. */
  readonly timeMs: number;
}

export interface Cost {
  readonly costPicoUsd: bigint;
  readonly version: string;
}

export interface Pricing {
  /** Null: no price is known. */
  cost(question: CostQuestion): Cost | null;
  /** The most tokens that the model reads and writes together; null: not known. */
  contextWindow(question: Pick<CostQuestion, "provider" | "timeMs">, model: string): number | null;
}

/** `catalogue` is asked each time, so that a change of overrides counts at once. */
export function createPricing(catalogue: () => Catalogue): Pricing {
  return {
    cost({ provider, models, usage, serviceTier, timeMs }) {
      for (const model of models) {
        if (model === null) continue;
        const found = catalogue().find({
          priceId: provider.priceId,
          providerName: provider.name,
          model,
          atMs: timeMs,
          serviceTier,
        });
        if (found !== null) {
          return { costPicoUsd: costPicoUsd(found.price, usage), version: found.version };
        }
      }
      return null;
    },
    contextWindow({ provider, timeMs }, model) {
      const found = catalogue().find({
        priceId: provider.priceId,
        providerName: provider.name,
        model,
        atMs: timeMs,
      });
      return found?.contextWindow ?? null;
    },
  };
}
