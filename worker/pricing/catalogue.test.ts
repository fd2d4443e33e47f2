import { describe, expect, test } from "bun:test";
import { calcPrice, findProvider, type Usage as VendoredUsage } from "@pydantic/genai-prices";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { isIdentity, NO_USAGE, type Usage } from "../chat.ts";
import { createCatalogue, PRICE_DATA_VERSION, readOverrides } from "./catalogue.ts";
import { encodePrice } from "./price-json.ts";
import { completePrice, costPicoUsd, type ModelPrice } from "./price.ts";

const PACKAGE = new URL("../../node_modules/@pydantic/genai-prices/", import.meta.url);
const PROVIDERS = [
  "openai",
  "anthropic",
  "google",
  "groq",
  "mistral",
  "deepseek",
  "x-ai",
  "openrouter",
] as const;
const NOON_MS = Date.UTC(2026, 10, 1, 12);

const catalogue = createCatalogue([]);

function find(priceId: string | null, model: string, atMs = NOON_MS, serviceTier?: string) {
  const query = { priceId, providerName: "mine", model, atMs };
  return catalogue.find(serviceTier === undefined ? query : { ...query, serviceTier });
}

function price(input: bigint, output: bigint): ModelPrice {
  return { ...completePrice({ prices: { input, output } }), serviceTiers: new Map() };
}

/** Some usage for a random draw; the shares are percents. */
interface Draw {
  readonly provider: (typeof PROVIDERS)[number];
  readonly modelAt: number;
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly shares: readonly [cached: number, written: number, hour: number, reasoning: number];
}

const draw: fc.Arbitrary<Draw> = fc.record({
  provider: fc.constantFrom(...PROVIDERS),
  modelAt: fc.nat(10_000),
  atMs: fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 6, 1) }),
  // Half of them near and beyond the limits of long-context tiers.
  inputTokens: fc.oneof(fc.nat(10_000), fc.integer({ min: 127_000, max: 600_000 })),
  outputTokens: fc.nat(50_000),
  shares: fc.tuple(fc.nat(90), fc.nat(90), fc.nat(100), fc.nat(100)),
});

describe("the vendored data", () => {
  test("agrees with its own library on the cost of any usage of any model", () => {
    let compared = 0;
    fc.assert(
      fc.property(draw, ({ provider, modelAt, atMs, inputTokens, outputTokens, shares }) => {
        const models = catalogue.models(provider);
        const model = models[modelAt % models.length] ?? "";
        const found = find(provider, model, atMs);
        const cachedInputTokens = Math.floor((inputTokens * shares[0]) / 100);
        const cacheWriteTokens = Math.floor(((inputTokens - cachedInputTokens) * shares[1]) / 100);
        const usage: Usage = {
          inputTokens,
          cachedInputTokens,
          cacheWriteTokens,
          cacheWrite1hTokens: Math.floor((cacheWriteTokens * shares[2]) / 100),
          outputTokens,
          reasoningTokens: Math.floor((outputTokens * shares[3]) / 100),
        };
        const timestamp = new Date(atMs);
        const stated = calcPrice({}, model, { providerId: provider, timestamp })?.model_price ?? {};
        // Where the data has no price the library bills nothing, or an hour's write as a short one; we do not.
        if (found === null) return;
        const billed: Usage = {
          ...usage,
          ...(stated["cache_write_1h_mtok"] === undefined ? { cacheWrite1hTokens: 0 } : {}),
          ...(stated["output_mtok"] === undefined ? { outputTokens: 0, reasoningTokens: 0 } : {}),
        };
        // Seven amounts have digits below the pico-dollar: 0.0833… a million, rounded by 4 parts in a million.
        const tolerance = JSON.stringify(stated).includes("3333") ? 1e-5 : 1e-9;
        const theirs = calcPrice(toVendored(billed), model, { providerId: provider, timestamp });
        const expected = (theirs?.total_price ?? Number.NaN) * 1e12;
        const ours = Number(costPicoUsd(found.price, billed));
        expect([model, Math.abs(ours - expected) <= expected * tolerance]).toEqual([model, true]);
        compared += 1;
      }),
      { numRuns: 1_500 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  test("can be read for every provider and model that it has", () => {
    const ids = readFileSync(new URL("dist/index.js", PACKAGE), "utf8").matchAll(
      /^ {4}id: "([^"]+)"/gm,
    );
    let models = 0;
    for (const [, id = ""] of ids) {
      const provider = findProvider({ providerId: id });
      expect(provider?.id).toBe(id);
      for (const model of provider?.models ?? []) {
        expect(() => find(id, model.id)).not.toThrow();
        models += 1;
      }
    }
    expect(models).toBeGreaterThan(1_500);
  });

  test("is of the version that is installed", () => {
    const { version }: { version?: unknown } = JSON.parse(
      readFileSync(new URL("package.json", PACKAGE), "utf8"),
    );
    expect(PRICE_DATA_VERSION).toBe(`genai-prices-${String(version)}`);
    expect(isIdentity(PRICE_DATA_VERSION)).toBe(true);
    expect(catalogue.version).toBe(PRICE_DATA_VERSION);
  });

  test("comes in a package that names no way to the network", () => {
    const source = readFileSync(new URL("dist/index.js", PACKAGE), "utf8");
    expect(source).not.toMatch(
      /\bfetch\s*\(|XMLHttpRequest|WebSocket|\bimport\s*\(|\brequire\s*\(/,
    );
    expect(source).not.toMatch(/^import\s/m);
  });
});

describe("find", () => {
  test("knows published prices", () => {
    expect(find("openai", "gpt-4o-mini")?.price.prices).toEqual({
      input: 150_000n,
      cachedInput: 75_000n,
      cacheWrite: 150_000n,
      cacheWrite1h: 300_000n,
      output: 600_000n,
      reasoning: 600_000n,
    });
    const claude = find("anthropic", "claude-haiku-4-5-20251001");
    expect(claude?.price.prices.cacheWrite1h).toBe(2_000_000n);
    expect(claude?.contextWindow).toBe(200_000);
    expect(find("perplexity", "sonar")?.price.request).toBe(12_000_000_000n);
  });

  test("takes the long-context price for the whole request, at the published limit", () => {
    const found = find("anthropic", "claude-sonnet-4-5");
    if (found === null) throw new Error("no price");
    const cost = (inputTokens: number) => costPicoUsd(found.price, { ...NO_USAGE, inputTokens });
    expect(cost(200_000)).toBe(200_000n * 3_000_000n);
    expect(cost(200_001)).toBe(200_001n * 6_000_000n);
  });

  test("takes the price of the day, and of the hour", () => {
    const input = (model: string, provider: string, time: string) =>
      find(provider, model, Date.parse(time))?.price.prices.input;
    expect(input("o3", "openai", "2025-06-09T23:59:59.999Z")).toBe(10_000_000n);
    expect(input("o3", "openai", "2025-06-10T00:00:00Z")).toBe(2_000_000n);
    expect(input("deepseek-chat", "deepseek", "2025-05-01T00:29:59Z")).toBe(135_000n);
    expect(input("deepseek-chat", "deepseek", "2025-05-01T00:30:00Z")).toBe(270_000n);
    expect(input("deepseek-chat", "deepseek", "2025-05-01T16:30:00Z")).toBe(135_000n);
  });

  test("calls a model that it does not know unpriced, not free", () => {
    expect(find("openai", "no-such-model")).toBeNull();
    expect(find("no-such-provider", "gpt-4o")).toBeNull();
    expect(find(null, "gpt-4o")).toBeNull();
    expect(find("openai", "x".repeat(100_000))).toBeNull();
    // The package would guess `openai` from this.
    expect(find("my-openai-relay", "gpt-4o")).toBeNull();
  });

  test("calls a model without a token price unpriced, unless its name says it is free", () => {
    expect(find("openai", "whisper-1")).toBeNull();
    expect(find("github-copilot", "gpt-4o")).toBeNull();
    expect(find("openrouter", "deepseek/deepseek-r1:free")?.price.prices.output).toBe(0n);
  });

  test("knows the models that a provider resells under their maker's name", () => {
    expect(find("azure", "claude-haiku-4-5")?.price.prices.input).toBe(1_000_000n);
  });

  test("answers the same after more names were asked for than it keeps", () => {
    const own = createCatalogue([]);
    const ask = (model: string) =>
      own.find({ priceId: "groq", providerName: "groq", model, atMs: NOON_MS });
    const before = ask("llama-3.1-8b-instant");
    for (let i = 0; i < 2_500; i++) expect(ask(`hostile-${i}`)).toBeNull();
    expect(before).not.toBeNull();
    expect(ask("llama-3.1-8b-instant")).toEqual(before);
  });

  test("prices every model of the demo provider", () => {
    const found = find("demo", "anything");
    expect(found?.version).toBe("demo-1");
    expect(found?.price.prices.output).toBe(4_000_000n);
  });
});

describe("an override", () => {
  const flex = completePrice({ prices: { input: 5n, output: 6n } });
  const own = createCatalogue([
    { provider: "mine", model: "gpt-4o", price: price(1n, 2n), version: "v1" },
    {
      provider: "mine",
      model: "tiers",
      price: { ...price(10n, 12n), serviceTiers: new Map([["flex", flex]]) },
      version: "v2",
    },
  ]);
  const ask = (providerName: string, model: string, serviceTier: string | null = null) =>
    own.find({ priceId: "openai", providerName, model, atMs: NOON_MS, serviceTier });

  test("wins over the data, for its provider's name and its exact model only", () => {
    expect(ask("mine", "gpt-4o")?.version).toBe("v1");
    expect(ask("mine", "gpt-4o")?.contextWindow).toBe(128_000);
    expect(ask("mine", "gpt-4o-2024-08-06")?.version).toBe(PRICE_DATA_VERSION);
    expect(ask("other", "gpt-4o")?.version).toBe(PRICE_DATA_VERSION);
  });

  test("prices what the data does not know, also for a provider without a price id", () => {
    const found = own.find({ priceId: null, providerName: "mine", model: "tiers", atMs: NOON_MS });
    expect(found?.price.prices.input).toBe(10n);
  });

  test("has a price of its own for a service tier", () => {
    const found = ask("mine", "tiers", "flex");
    expect([found?.price.prices.input, found?.version]).toEqual([5n, "v2"]);
  });

  test("that cannot be read is left out and named", () => {
    const stored = { provider: "mine", version: "v1" };
    const { entries, unreadable } = readOverrides([
      { ...stored, model: "good", price: encodePrice(price(1n, 2n)) },
      { ...stored, model: "bad", price: '{"input":"1"}' },
    ]);
    expect(entries.map(({ model }) => model)).toEqual(["good"]);
    expect(unreadable).toEqual(["mine/bad"]);
  });
});

describe("a service tier", () => {
  test("that means list price changes nothing", () => {
    for (const tier of ["default", "standard", "auto", "on_demand"]) {
      expect(find("openai", "gpt-4o", NOON_MS, tier)?.version).toBe(PRICE_DATA_VERSION);
    }
  });

  test("without a price is billed at list, and the version says so", () => {
    for (const tier of ["flex", "priority", "batch", "never-heard-of"]) {
      const found = find("openai", "gpt-4o", NOON_MS, tier);
      expect(found?.version).toBe(`${PRICE_DATA_VERSION}+at-list`);
      expect(found?.price).toBe(find("openai", "gpt-4o")?.price);
      expect(isIdentity(found?.version ?? "")).toBe(true);
    }
  });
});

describe("models", () => {
  test("lists ids and exact alternatives, each of which is priced and can be stored", () => {
    for (const provider of PROVIDERS) {
      const names = catalogue.models(provider);
      expect(names.length).toBeGreaterThan(3);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect([name, isIdentity(name)]).toEqual([name, true]);
    }
    expect(catalogue.models("openai")).toContain("gpt-4o");
    expect(catalogue.models("openai")).toContain("gpt-4o-2024-08-06");
  });

  test("lists neither families, nor models priced by the hour, nor unknown providers' models", () => {
    expect(catalogue.models("openai")).not.toContain("ft:gpt-4o");
    expect(catalogue.models("openai")).not.toContain("whisper-1");
    expect(catalogue.models("my-openai-relay")).toEqual([]);
    expect(catalogue.models(null)).toEqual([]);
  });
});

function toVendored(usage: Usage): VendoredUsage {
  return {
    input_tokens: usage.inputTokens,
    cache_read_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cache_write_1h_tokens: usage.cacheWrite1hTokens,
    output_tokens: usage.outputTokens,
    output_reasoning_tokens: usage.reasoningTokens,
  };
}
