import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NO_USAGE, type Usage } from "../chat.ts";
import { completePrice, costPicoUsd, pricesFor } from "./price.ts";

const price = completePrice({
  prices: {
    input: 1_000n,
    cachedInput: 100n,
    cacheWrite: 1_250n,
    cacheWrite1h: 2_000n,
    output: 4_000n,
    reasoning: 5_000n,
  },
});

/** Any usage that holds the invariants. */
const anyUsage: fc.Arbitrary<Usage> = fc
  .tuple(fc.nat(1_000_000), fc.nat(1_000_000), fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99))
  .map(([inputTokens, outputTokens, cached, written, hour, reasoning]) => {
    const cachedInputTokens = Math.floor((inputTokens * cached) / 100);
    const cacheWriteTokens = Math.floor(((inputTokens - cachedInputTokens) * written) / 100);
    return {
      inputTokens,
      cachedInputTokens,
      cacheWriteTokens,
      cacheWrite1hTokens: Math.floor((cacheWriteTokens * hour) / 100),
      outputTokens,
      reasoningTokens: Math.floor((outputTokens * reasoning) / 100),
    };
  });

describe("costPicoUsd", () => {
  test("bills each token once, in its own class", () => {
    const usage: Usage = {
      inputTokens: 1_000,
      cachedInputTokens: 300,
      cacheWriteTokens: 200,
      cacheWrite1hTokens: 50,
      outputTokens: 70,
      reasoningTokens: 20,
    };
    // 500 plain, 300 cached, 150 written for 5 minutes, 50 for an hour, 50 output, 20 reasoning.
    expect(costPicoUsd(price, usage)).toBe(
      500_000n + 30_000n + 187_500n + 100_000n + 200_000n + 100_000n,
    );
  });

  test("costs as all-input where every class has the input's price, whatever the split", () => {
    const flat = completePrice({
      prices: { input: 7n, cachedInput: 7n, cacheWrite: 7n, cacheWrite1h: 7n, output: 7n },
    });
    fc.assert(
      fc.property(anyUsage, (usage) => {
        expect(costPicoUsd(flat, usage)).toBe(BigInt(usage.inputTokens + usage.outputTokens) * 7n);
      }),
    );
  });

  test("is exact beyond what a float can hold", () => {
    const dear = completePrice({ prices: { input: 99_999_999_999n } });
    const usage: Usage = { ...NO_USAGE, inputTokens: 999_999_999 };
    expect(costPicoUsd(dear, usage)).toBe(99_999_999_999n * 999_999_999n);
  });

  test("adds the fee of the request, also where nothing was used", () => {
    const perRequest = completePrice({ prices: { input: 1n }, request: 12_000_000_000n });
    expect(costPicoUsd(perRequest, NO_USAGE)).toBe(12_000_000_000n);
  });

  test("gives no credit for counts that contradict each other", () => {
    const usage: Usage = {
      ...NO_USAGE,
      inputTokens: 10,
      cachedInputTokens: 20,
      reasoningTokens: 5,
    };
    expect(costPicoUsd(price, usage)).toBe(20n * 100n + 5n * 5_000n);
  });
});

describe("a long-context tier", () => {
  const tiered = completePrice({
    prices: { input: 3n, cachedInput: 1n, output: 15n },
    tiers: [
      { aboveInputTokens: 500, prices: { input: 9n, output: 30n } },
      { aboveInputTokens: 200, prices: { input: 6n } },
    ],
  });

  test("begins above its limit, and is decided by all input, cached and written included", () => {
    expect(pricesFor(tiered, 200).input).toBe(3n);
    expect(pricesFor(tiered, 201).input).toBe(6n);
    expect(pricesFor(tiered, 501).input).toBe(9n);
    const usage: Usage = { ...NO_USAGE, inputTokens: 201, cachedInputTokens: 200, outputTokens: 1 };
    expect(costPicoUsd(tiered, usage)).toBe(6n + 200n + 15n);
  });

  test("holds for every token of the request", () => {
    const usage: Usage = { ...NO_USAGE, inputTokens: 501, outputTokens: 10 };
    expect(costPicoUsd(tiered, usage)).toBe(501n * 9n + 10n * 30n);
  });

  test("keeps a class that it leaves out, and makes fall-backs follow its own prices", () => {
    const above = pricesFor(tiered, 201);
    expect([above.cachedInput, above.output]).toEqual([1n, 15n]);
    expect([above.cacheWrite, above.cacheWrite1h]).toEqual([6n, 12n]);
  });
});

test("no class is free because the source leaves it out", () => {
  const bare = completePrice({ prices: { input: 10n } }).prices;
  expect(bare).toEqual({
    input: 10n,
    cachedInput: 10n,
    cacheWrite: 10n,
    cacheWrite1h: 20n,
    output: 10n,
    reasoning: 10n,
  });
  const written = completePrice({ prices: { input: 10n, cacheWrite: 25n, output: 50n } }).prices;
  expect([written.cacheWrite1h, written.reasoning]).toEqual([25n, 50n]);
});
