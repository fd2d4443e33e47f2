import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { listAmounts, readPriceFile } from "./price-file.ts";

const PRICE = {
  provider: "groq",
  model: "llama-3.1-8b-instant",
  input_usd_per_million: "0.05",
  output_usd_per_million: "0.08",
};

function paths(value: unknown): readonly string[] {
  return readPriceFile(value).faults.map(({ path }) => path);
}

describe("readPriceFile", () => {
  test("reads dollars a million tokens as pico-dollars a token", () => {
    const { entries, faults } = readPriceFile({
      version: "2026-11-01",
      prices: [{ ...PRICE, cached_input_usd_per_million: "0.0125", request_usd: "0.005" }],
    });
    expect(faults).toEqual([]);
    expect(entries[0]).toMatchObject({
      provider: "groq",
      model: "llama-3.1-8b-instant",
      version: "2026-11-01",
    });
    expect(entries[0]?.price.prices).toMatchObject({ input: 50_000n, cachedInput: 12_500n });
    expect(entries[0]?.price.request).toBe(5_000_000_000n);
  });

  test("reads the example in its own documentation", () => {
    const source = readFileSync(new URL("price-file.ts", import.meta.url), "utf8");
    const comment = source.slice(0, source.indexOf("*/")).replace(/^ \* ?/gm, "");
    const example: unknown = JSON.parse(
      comment.slice(comment.indexOf("    {\n"), comment.lastIndexOf("\n    }\n") + 6),
    );
    const { entries, faults } = readPriceFile(example);
    expect(faults).toEqual([]);
    expect(entries[0]?.price.tiers[0]?.prices.input).toBe(100_000n);
    expect(entries[0]?.price.serviceTiers.get("priority")?.prices.output).toBe(160_000n);
  });

  test("lists all faults at once, each with its place", () => {
    const value = {
      version: "a long story about a contract with nobody in particular",
      note: "hello",
      prices: [
        PRICE,
        { ...PRICE, model: "b", input_usd_per_million: 0.05, input: "1" },
        { ...PRICE, model: "c", output_usd_per_million: "-1" },
        PRICE,
        { provider: "the provider that we have talked about", model: 7 },
        "groq",
      ],
    };
    expect(paths(value)).toEqual([
      "",
      "version",
      "prices[1]",
      "prices[1].input_usd_per_million",
      "prices[2].output_usd_per_million",
      "prices[3].model",
      "prices[4].input_usd_per_million",
      "prices[4].output_usd_per_million",
      "prices[4].provider",
      "prices[4].model",
      "prices[5]",
    ]);
    expect(readPriceFile(value).entries).toEqual([]);
  });

  test("refuses a file that prices nothing", () => {
    expect(paths([])).toEqual([""]);
    expect(paths({ version: "v", prices: [] })).toEqual(["prices"]);
    expect(paths({ version: "v" })).toEqual(["prices"]);
    expect(paths({ prices: [PRICE] })).toEqual(["version"]);
  });
});

test("listAmounts gives every amount in the words of the file", () => {
  const { entries } = readPriceFile({
    version: "v",
    prices: [
      {
        ...PRICE,
        request_usd: "0.005",
        tiers: [{ above_input_tokens: 1000, input_usd_per_million: "0.1" }],
        service_tiers: { flex: { input_usd_per_million: "0.01", output_usd_per_million: "0.02" } },
      },
    ],
  });
  const [entry] = entries;
  if (entry === undefined) throw new Error("the file was refused");
  const amounts = listAmounts(entry.price);
  expect(amounts.get("input")).toBe("0.05");
  expect(amounts.get("request")).toBe("0.005");
  expect(amounts.get("input above 1000")).toBe("0.1");
  expect(amounts.get("flex output")).toBe("0.02");
});
