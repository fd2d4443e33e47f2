import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GatewayError } from "../errors.ts";
import { encodePrice, parsePrice } from "./price-json.ts";
import { completePrice, type ModelPrice, type StatedPlan } from "./price.ts";

const amount = fc.bigInt({ min: 0n, max: 10n ** 11n });
const amounts = fc.record({
  input: amount,
  cachedInput: amount,
  cacheWrite: amount,
  cacheWrite1h: amount,
  output: amount,
  reasoning: amount,
});
const plan = fc
  .record({
    prices: amounts,
    request: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    tiers: fc.uniqueArray(
      fc.record({ aboveInputTokens: fc.integer({ min: 1, max: 2 ** 40 }), prices: amounts }),
      { selector: (tier) => tier.aboveInputTokens, maxLength: 4 },
    ),
  })
  .map((stated: StatedPlan) => completePrice(stated));

function faultOf(json: unknown): { readonly field: string | null; readonly message: string } {
  try {
    parsePrice(typeof json === "string" ? json : JSON.stringify(json));
  } catch (error) {
    if (error instanceof GatewayError && error.code === "invalid_request") return error;
    throw error;
  }
  return { field: "accepted", message: "" };
}

describe("a price as JSON", () => {
  test("comes back as it was", () => {
    const names = fc.constantFrom("flex", "priority", "batch");
    fc.assert(
      fc.property(plan, fc.dictionary(names, plan), (list, tiers) => {
        const price: ModelPrice = { ...list, serviceTiers: new Map(Object.entries(tiers)) };
        expect(parsePrice(encodePrice(price))).toEqual(price);
      }),
    );
  });

  test("holds pico-dollars a token as decimal strings", () => {
    const price: ModelPrice = {
      ...completePrice({ prices: { input: 50_000n, output: 80_000n } }),
      serviceTiers: new Map(),
    };
    expect(JSON.parse(encodePrice(price))).toEqual({
      input: "50000",
      cached_input: "50000",
      cache_write: "50000",
      cache_write_1h: "100000",
      output: "80000",
      reasoning: "80000",
    });
  });

  test("is refused with the name of the field that is wrong", () => {
    const good = { input: "1", output: "2" };
    const cases: readonly (readonly [unknown, string])[] = [
      ["{", "price"],
      [[], "price"],
      [null, "price"],
      [{ ...good, inptu: "1" }, "price"],
      [JSON.parse('{"input":"1","output":"2","__proto__":{}}'), "price"],
      [{ output: "2" }, "price.input"],
      [{ input: "1" }, "price.output"],
      [{ ...good, input: 1 }, "price.input"],
      [{ ...good, input: "-1" }, "price.input"],
      [{ ...good, input: "1.5" }, "price.input"],
      [{ ...good, input: "1e3" }, "price.input"],
      [{ ...good, cached_input: "as agreed" }, "price.cached_input"],
      [{ ...good, output: null }, "price.output"],
      [{ ...good, output: "100000000001" }, "price.output"],
      [{ ...good, requests: "1000000000000001" }, "price.requests"],
      [{ ...good, tiers: {} }, "price.tiers"],
      [{ ...good, tiers: [7] }, "price.tiers[0]"],
      [{ ...good, tiers: [{ above_input_tokens: 0 }] }, "price.tiers[0].above_input_tokens"],
      [{ ...good, tiers: [{ above_input_tokens: 1.5 }] }, "price.tiers[0].above_input_tokens"],
      [
        { ...good, tiers: [{ above_input_tokens: 9 }, { above_input_tokens: 9 }] },
        "price.tiers[1].above_input_tokens",
      ],
      [{ ...good, tiers: [{ above_input_tokens: 9, input: "x" }] }, "price.tiers[0].input"],
      [{ ...good, service_tiers: [] }, "price.service_tiers"],
      [{ ...good, service_tiers: { "Dear Sir": good } }, "price.service_tiers"],
      [{ ...good, service_tiers: { flex: { input: "1" } } }, "price.service_tiers.flex.output"],
      [
        { ...good, service_tiers: { flex: { ...good, service_tiers: {} } } },
        "price.service_tiers.flex",
      ],
    ];
    for (const [json, field] of cases) expect([json, faultOf(json).field]).toEqual([json, field]);
  });

  test("is refused without a word of what was sent", () => {
    for (const json of ['{"input":secret}', '{"secret":"1"}', '{"input":"secret","output":"1"}']) {
      expect(faultOf(json).field).not.toBe("accepted");
      expect(faultOf(json).message).not.toContain("secret");
    }
  });
});
