import { describe, expect, test } from "bun:test";
import { percentile, slope, spread } from "./stats.ts";

describe("a percentile", () => {
  test("is the nearest rank, never an interpolated value", () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0, 50, 99, 99.5, 100].map((p) => percentile(values, p))).toEqual([1, 50, 99, 100, 100]);
    expect(percentile([7], 50)).toBe(7);
    expect(percentile([], 50)).toBeNaN();
  });
});

describe("a spread", () => {
  test("orders by number, and leaves the values where they were", () => {
    const values = [9, 10, 1];
    expect(spread(values)).toEqual({ median: 9, min: 1, max: 10 });
    expect(values).toEqual([9, 10, 1]);
  });

  test("of an even count has the mean of the middle two as its median", () => {
    expect(spread([4, 1, 2, 3]).median).toBe(2.5);
  });
});

describe("a slope", () => {
  test("is that of the line through the points", () => {
    expect(
      slope([
        [0, 5],
        [10, 25],
        [20, 45],
      ]),
    ).toBe(2);
    expect(
      slope([
        [0, 1],
        [1, 3],
        [2, 1],
      ]),
    ).toBe(0);
    expect(slope([[1, 1]])).toBeNaN();
  });
});
