import { describe, expect, test } from "bun:test";
import { createIdSource } from "./ids.ts";

describe("ids", () => {
  test("are UUIDv7 of their moment", () => {
    const ids = createIdSource(() => 0x0123456789ab, null);
    expect(ids.rowId()).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids.traceId()).toMatch(/^0123456789ab7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  });

  test("of rows only grow: within a millisecond, past its counter, when the clock goes back, after a restart", () => {
    let now = 1_790_000_000_000;
    const ids = createIdSource(() => now, null);
    const minted = Array.from({ length: 10_000 }, () => ids.rowId());
    now -= 3_600_000;
    minted.push(ids.rowId());
    const again = createIdSource(() => now, minted.at(-1) ?? null);
    minted.push(again.rowId());
    expect(minted).toEqual([...minted].sort());
    expect(new Set(minted).size).toBe(minted.length);
  });

  test("of traces follow the clock, also back, and differ", () => {
    let now = 1_790_000_000_000;
    const ids = createIdSource(() => now, null);
    const before = ids.traceId();
    now -= 3_600_000;
    expect(ids.traceId() < before).toBe(true);
    expect(new Set(Array.from({ length: 10_000 }, () => ids.traceId())).size).toBe(10_000);
  });
});
