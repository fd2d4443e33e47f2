import { describe, expect, test } from "bun:test";
import type { CapWindow } from "../../db/store.ts";
import { isTimeZone, windowAt } from "./window.ts";

const at = (window: CapWindow, zone: string, time: string) => {
  const { startMs, endMs } = windowAt(window, zone, Date.parse(time));
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
};

describe("a window", () => {
  test("is the calendar's, in the cap's time zone", () => {
    const time = "2026-11-24T03:20:00Z";
    expect(at("hour", "UTC", time)).toEqual([
      "2026-11-24T03:00:00.000Z",
      "2026-11-24T04:00:00.000Z",
    ]);
    expect(at("day", "UTC", time)).toEqual([
      "2026-11-24T00:00:00.000Z",
      "2026-11-25T00:00:00.000Z",
    ]);
    expect(at("week", "UTC", time)).toEqual([
      "2026-11-23T00:00:00.000Z",
      "2026-11-30T00:00:00.000Z",
    ]);
    expect(at("month", "UTC", time)).toEqual([
      "2026-11-01T00:00:00.000Z",
      "2026-12-01T00:00:00.000Z",
    ]);
    // Still the day before in New York.
    expect(at("day", "America/New_York", time)).toEqual([
      "2026-11-23T05:00:00.000Z",
      "2026-11-24T05:00:00.000Z",
    ]);
    expect(at("hour", "Asia/Kolkata", time)).toEqual([
      "2026-11-24T02:30:00.000Z",
      "2026-11-24T03:30:00.000Z",
    ]);
  });

  test("has 23 or 25 hours where clocks change", () => {
    expect(at("day", "Europe/Berlin", "2026-03-29T12:00:00Z")).toEqual([
      "2026-03-28T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ]);
    expect(at("day", "Europe/Berlin", "2026-10-25T12:00:00Z")).toEqual([
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
    expect(at("month", "Europe/Berlin", "2026-10-30T12:00:00Z")).toEqual([
      "2026-09-30T22:00:00.000Z",
      "2026-10-31T23:00:00.000Z",
    ]);
  });

  test("begins where the one before ends, all year round", () => {
    for (const zone of ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Chatham"]) {
      for (const window of ["day", "week", "month"] as const) {
        let { startMs, endMs } = windowAt(window, zone, Date.UTC(2026, 0, 1));
        while (endMs < Date.UTC(2027, 0, 1)) {
          const next = windowAt(window, zone, endMs);
          expect([zone, window, next.startMs]).toEqual([zone, window, endMs]);
          expect(windowAt(window, zone, endMs - 1).startMs).toBe(startMs);
          ({ startMs, endMs } = next);
        }
      }
    }
  });

  test("knows which time zones there are", () => {
    expect(["UTC", "Europe/Berlin"].map(isTimeZone)).toEqual([true, true]);
    expect(["", "Mars/Base", "Europe/Berlin\n"].map(isTimeZone)).toEqual([false, false, false]);
  });
});
