import { describe, expect, test } from "bun:test";
import { NO_USAGE } from "../chat.ts";
import { type Catalogue, createCatalogue } from "./catalogue.ts";
import { createPricing } from "./cost.ts";
import { completePrice } from "./price.ts";

const QUESTION = {
  provider: { name: "openai", priceId: "openai" },
  models: ["gpt-4o"],
  usage: { ...NO_USAGE, inputTokens: 1_000 },
  serviceTier: null,
  timeMs: Date.UTC(2026, 10, 1),
} as const;

describe("createPricing", () => {
  const pricing = createPricing(() => createCatalogue([]));

  test("prices the first model that has a price", () => {
    const cost = pricing.cost({ ...QUESTION, models: [null, "no-such-model", "gpt-4o", "gpt-4"] });
    expect(cost).toEqual({ costPicoUsd: 2_500_000_000n, version: "genai-prices-0.1.8" });
  });

  test("has no answer where no model has a price", () => {
    expect(pricing.cost({ ...QUESTION, models: [null, "no-such-model"] })).toBeNull();
  });

  test("marks the version of a cost at another tier's price", () => {
    expect(pricing.cost({ ...QUESTION, serviceTier: "priority" })?.version).toContain("+at-list");
  });

  test("uses the catalogue of the moment", () => {
    let current: Catalogue = createCatalogue([]);
    const live = createPricing(() => current);
    const before = live.cost(QUESTION);
    const price = { ...completePrice({ prices: { input: 1n } }), serviceTiers: new Map() };
    current = createCatalogue([{ provider: "openai", model: "gpt-4o", price, version: "v2" }]);
    expect(before?.version).not.toBe("v2");
    expect(live.cost(QUESTION)).toEqual({ costPicoUsd: 1_000n, version: "v2" });
  });
});
