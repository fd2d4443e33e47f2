/** What of a range is made of whole slots, and what is left at its edges. */
import { describe, expect, test } from "bun:test";
import { coverOf, DAY_MS, HOUR_MS, type UnitKept } from "./slots.ts";

const DAY = 20_000;
const START = DAY * DAY_MS;
const kept = (unit: "day" | "hour", sinceMs: number, lastMs = Infinity): UnitKept => ({
  unit,
  sinceMs,
  lastOf: () => lastMs,
});
const both = [kept("day", 0), kept("hour", START - 3 * DAY_MS)];
const hoursOf = (day: number) => DAY * 24 + day * 24;

describe("a range", () => {
  test("is whole days, then whole hours, and only its edges are left", () => {
    const span = {
      fromMs: START - 2 * DAY_MS - 90 * 60_000,
      toMs: START + 5 * HOUR_MS + 1,
    };
    expect(coverOf(span, both)).toEqual({
      slots: [
        { unit: "hour", from: hoursOf(-2) - 1, to: hoursOf(-2) },
        { unit: "day", from: DAY - 2, to: DAY },
        { unit: "hour", from: hoursOf(0), to: hoursOf(0) + 5 },
      ],
      edges: [
        { fromMs: span.fromMs, toMs: span.fromMs + HOUR_MS / 2 },
        { fromMs: span.toMs - 1, toMs: span.toMs },
      ],
    });
    expect(coverOf({ fromMs: START, toMs: START + DAY_MS }, both)).toEqual({
      slots: [{ unit: "day", from: DAY, to: DAY + 1 }],
      edges: [],
    });
  });

  test("has an edge of part of a day where no hours are kept, and is one where no slot is whole", () => {
    const early = { fromMs: START - 9 * DAY_MS + 1, toMs: START - 7 * DAY_MS };
    expect(coverOf(early, both)).toEqual({
      slots: [{ unit: "day", from: DAY - 8, to: DAY - 7 }],
      edges: [{ fromMs: early.fromMs, toMs: START - 8 * DAY_MS }],
    });
    const minutes = { fromMs: START + 1, toMs: START + HOUR_MS - 1 };
    expect(coverOf(minutes, both)).toEqual({ slots: [], edges: [minutes] });
    const none = { fromMs: START, toMs: START };
    expect(coverOf(none, both)).toEqual({ slots: [], edges: [] });
  });

  test("ends with a whole slot where nothing of that is later than its end", () => {
    const toMs = START + 90 * 60_000;
    const endsIn = (lastMs: number) =>
      coverOf({ fromMs: START - DAY_MS, toMs }, [kept("day", 0, lastMs)]);
    const [day, rest] = [DAY - 1, { fromMs: START, toMs }];
    expect(endsIn(toMs - 1)).toEqual({
      slots: [{ unit: "day", from: day, to: day + 2 }],
      edges: [],
    });
    expect(endsIn(toMs)).toEqual({
      slots: [{ unit: "day", from: day, to: day + 1 }],
      edges: [rest],
    });
  });
});
