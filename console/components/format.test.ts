/** Figures as people read them. */
import { describe, expect, test } from "bun:test";
import {
  formatBytes,
  formatChange,
  formatCompact,
  formatDuration,
  formatShare,
  formatSumUsd,
  formatUsd,
  formatUsdCompact,
  parsePico,
} from "./format.ts";
import { formatDay, formatTime } from "./time.tsx";

describe("money", () => {
  test("has two digits from a dollar on, more below, and is never shown as free", () => {
    const cases: readonly (readonly [string | null, string])[] = [
      ["0.000000000000", "$0.00"],
      ["1234567.895000000000", "$1,234,567.90"],
      ["1.004999999999", "$1.00"],
      ["0.995000000000", "$1.00"],
      ["0.994000000000", "$0.994"],
      ["0.009950000000", "$0.010"],
      ["0.009940000000", "$0.0099"],
      ["0.000114000000", "$0.0001"],
      ["0.000045000000", "$0.000045"],
      ["0.000000999999", "<$0.000001"],
      ["-2.500000000000", "−$2.50"],
      // Beyond what a float holds.
      ["90071992547409.930000000000", "$90,071,992,547,409.93"],
      [null, "unpriced"],
    ];
    for (const [usd, shown] of cases) expect([usd, formatUsd(usd)]).toEqual([usd, shown]);
  });

  test("is read exactly, and what is none is nothing", () => {
    expect(parsePico("1.000000000001")).toBe(1_000_000_000_001n);
    expect(parsePico("-0.5")).toBe(-500_000_000_000n);
    expect(parsePico("1e9")).toBe(0n);
  });

  test("of a sum without any price is unknown, and of one with some is not", () => {
    const sum = { cost_usd: "0.000000000000", requests: 2 };
    expect(formatSumUsd({ ...sum, unpriced_requests: 2 })).toBe("unpriced");
    expect(formatSumUsd({ ...sum, unpriced_requests: 1 })).toBe("$0.00");
    expect(formatSumUsd({ ...sum, requests: 0, unpriced_requests: 0 })).toBe("$0.00");
  });

  test("is short on an axis", () => {
    expect([0, 0.0002, 0.25, 2.5, 250, 12_500].map(formatUsdCompact)).toEqual([
      "$0",
      "$0.00020",
      "$0.25",
      "$2.50",
      "$250",
      "$12.5K",
    ]);
  });
});

test("counts, bytes and durations name their unit", () => {
  expect([9_999, 12_345, 4_560_000].map(formatCompact)).toEqual(["9,999", "12.3K", "4.56M"]);
  expect([0, 1_023, 1_024, 1_048_576].map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.0 MiB",
  ]);
  expect([null, 0, 999, 1_000, 9_960, 61_000, 3_660_000, 200_000_000].map(formatDuration)).toEqual([
    "–",
    "0 ms",
    "999 ms",
    "1.00 s",
    "10.0 s",
    "1 min 1 s",
    "1 h 1 min",
    "2 d 7 h",
  ]);
});

test("shares and changes of nothing are no numbers", () => {
  expect([0, 0.0004, 0.125, 1, null, 0 / 0].map(formatShare)).toEqual([
    "0%",
    "<0.1%",
    "12.5%",
    "100%",
    "–",
    "–",
  ]);
  expect(formatChange(5, 0)).toBeNull();
  expect([formatChange(1.125, 1), formatChange(0.5, 1), formatChange(99, 1)]).toEqual([
    "+12.5%",
    "−50.0%",
    "> +999%",
  ]);
});

test("times stand in the reader's zone, days in none", () => {
  expect(formatTime("2026-11-23T23:30:00Z", "Asia/Tokyo", "minute")).toBe("24 Nov, 08:30");
  expect(formatTime("2026-11-23T23:30:00Z", "UTC", "full")).toContain("23 Nov 2026, 23:30:00 UTC");
  expect(formatDay("2026-11-23")).toBe("23 Nov");
});
