import { describe, expect, test } from "bun:test";
import { parseOptions, PARTS } from "./options.ts";

describe("the benchmark's options", () => {
  test("measure everything in 7 pairs by default", () => {
    const options = parseOptions([]);
    expect([options.parts, options.pairs, options.rssRequests]).toEqual([PARTS, 7, 200_000]);
    expect([options.isQuick, options.isControl]).toEqual([false, false]);
  });

  test("say more than --quick does, wherever they stand", () => {
    const options = parseOptions(["--pairs", "3", "--quick", "--only", "sse,json", "--control"]);
    expect([options.pairs, options.isQuick, options.isControl]).toEqual([3, true, true]);
    expect(options.parts).toEqual(["json", "sse"]);
  });

  for (const args of [["--pairs"], ["--pairs", "0"], ["--only", "json,x"], ["--only"], ["-x"]]) {
    test(`are refused: ${args.join(" ")}`, () => {
      expect(() => parseOptions(args)).toThrow();
    });
  }
});
