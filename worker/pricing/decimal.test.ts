import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decimalText, formatDecimal, parseDecimal } from "./decimal.ts";

describe("parseDecimal", () => {
  test("reads decimals exactly, where a float would not", () => {
    expect(parseDecimal("0.1", 6)).toBe(100_000n);
    expect(parseDecimal("90071992547409.93", 6)).toBe(90_071_992_547_409_930_000n);
    expect(parseDecimal("0", 12)).toBe(0n);
  });

  test("rounds half to even, and only a true half", () => {
    expect(parseDecimal("2.5", 0)).toBe(2n);
    expect(parseDecimal("3.5", 0)).toBe(4n);
    expect(parseDecimal("2.50000000000000000001", 0)).toBe(3n);
    expect(parseDecimal("2.49999999999999999999", 0)).toBe(2n);
    expect(parseDecimal("0.08333333333333334", 6)).toBe(83_333n);
    expect(parseDecimal("0.0000005", 6)).toBe(0n);
  });

  test("refuses what is no plain decimal", () => {
    for (const text of [
      "",
      "-1",
      "+1",
      "1e3",
      ".5",
      "1.",
      "01",
      "1,5",
      " 1",
      "1 USD",
      "NaN",
      "٣",
    ]) {
      expect([text, parseDecimal(text, 6)]).toEqual([text, null]);
    }
  });

  test("gives back what formatDecimal wrote", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), fc.nat(12), (units, scale) => {
        expect(parseDecimal(formatDecimal(units, scale), scale)).toBe(units);
      }),
    );
  });
});

test("formatDecimal cuts trailing zeros down to the digits asked for", () => {
  expect(formatDecimal(1_250_000n, 6)).toBe("1.25");
  expect(formatDecimal(4_000_000n, 6)).toBe("4");
  expect(formatDecimal(-5n, 6, 2)).toBe("-0.000005");
  expect(formatDecimal(0n, 6, 2)).toBe("0.00");
});

test("decimalText writes a float's shortest digits, without an exponent", () => {
  expect(decimalText(0.1)).toBe("0.1");
  expect(decimalText(1e-7)).toBe("0.0000001");
  expect(decimalText(1.25e-9)).toBe("0.00000000125");
  expect(decimalText(1.5e21)).toBe("1500000000000000000000");
  expect([decimalText(-1), decimalText(Number.NaN), decimalText(Infinity)]).toEqual([
    null,
    null,
    null,
  ]);
});
