/** The made-up list price of the built-in demo provider, so that money shows before any real provider is configured. */
import { completePrice, type ModelPrice } from "./price.ts";

/** The demo provider's `priceId`. Every model name is priced. */
export const DEMO_PRICE_ID = "demo";
export const DEMO_PRICE_VERSION = "demo-1";

/** Input 1, cached 0.10, cache write 1.25 (1 h: 2), output 4 USD a million tokens. */
export const DEMO_PRICE: ModelPrice = {
  ...completePrice({
    prices: {
      input: 1_000_000n,
      cachedInput: 100_000n,
      cacheWrite: 1_250_000n,
      cacheWrite1h: 2_000_000n,
      output: 4_000_000n,
    },
  }),
  serviceTiers: new Map(),
};
