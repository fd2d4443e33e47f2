/** Reserve and settle: whatever comes at once, in whatever order it ends, a hard cap holds, and nothing stays reserved. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { makeRow } from "../../db/contract/rows.ts";
import type { Cap, LedgerRow } from "../../db/store.ts";
import { GatewayError } from "../errors.ts";
import { Caps, type CapEvent, type CapReservation, type Estimate } from "./caps.ts";
import type { Payer } from "./scope.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const ann: Payer = { keyId: "key_a", user: "ann", team: "red" };
const bob: Payer = { keyId: "key_b", user: "bob", team: "red" };

function makeCap(more: Partial<Cap>): Cap {
  return {
    id: "cap_1",
    scope: "user",
    scopeId: null,
    unit: "tokens",
    amount: 100n,
    window: "day",
    timeZone: "UTC",
    mode: "hard",
    warnPercent: null,
    createdAtMs: 0,
    version: 1,
    ...more,
  };
}

function rig(caps: readonly Cap[], allowUnpriced = false) {
  let now = NOW;
  const events: CapEvent[] = [];
  const made = new Caps({ now: () => now, allowUnpriced, onEvent: (event) => events.push(event) });
  made.setCaps(caps);
  const ask = (payer: Payer, tokens: number, picoUsd: bigint | null = 0n): CapReservation | null =>
    atOnce(made, payer, now, () => ({ tokens: BigInt(tokens), picoUsd }));
  const settle = (reservation: CapReservation | null, tokens: number, cost: bigint | null = 0n) => {
    const row = rowOf(tokens, cost);
    const charges = reservation?.chargesOf(row) ?? [];
    reservation?.charge(row);
    reservation?.release();
    return charges;
  };
  const setNow = (ms: number): void => {
    now = ms;
  };
  return { caps: made, events, ask, settle, setNow };
}

/** One process that counts alone needs no promise. */
function atOnce(caps: Caps, payer: Payer, timeMs: number, estimate: () => Estimate) {
  const admitted = caps.admit({ payer, timeMs, traceId: "0".repeat(32), estimate });
  if (admitted instanceof Promise) throw new Error("an admission in memory is no promise");
  return admitted;
}

function rowOf(tokens: number, costPicoUsd: bigint | null): LedgerRow {
  return makeRow({
    inputTokens: tokens,
    outputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    reasoningTokens: 0,
    costPicoUsd,
  });
}

function refusalOf(work: () => unknown): GatewayError | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof GatewayError ? error : null;
  }
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return "admitted";
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

describe("caps", () => {
  test("look at no request that none concerns, and estimate nothing for it", () => {
    const { caps } = rig([makeCap({ scopeId: "bob" })]);
    expect(atOnce(caps, ann, NOW, () => expect.unreachable())).toBeNull();
    expect(atOnce(caps, { ...ann, user: null }, NOW, () => expect.unreachable())).toBeNull();
  });

  test("count each user apart, or one, or a team together, or all", () => {
    for (const [cap, second] of [
      [makeCap({}), "admitted"],
      [makeCap({ scopeId: "ann" }), "admitted"],
      [makeCap({ scope: "team", scopeId: "red" }), "cap_exceeded"],
      [makeCap({ scope: "team" }), "cap_exceeded"],
      [makeCap({ scope: "org" }), "cap_exceeded"],
      [makeCap({ scope: "key", scopeId: "key_a" }), "admitted"],
    ] as const) {
      const { ask } = rig([cap]);
      ask(ann, 60);
      expect([cap.scope, cap.scopeId, codeOf(() => ask(bob, 60))]).toEqual([
        cap.scope,
        cap.scopeId,
        second,
      ]);
    }
  });

  test("say which is reached, when it resets, and that no SDK should wait for weeks", () => {
    const { ask } = rig([makeCap({ unit: "usd", amount: 25n * 10n ** 12n, window: "month" })]);
    const refused = refusalOf(() => ask(ann, 1, 26n * 10n ** 12n));
    expect(refused?.status).toBe(429);
    expect(refused?.headers).toEqual({
      "x-should-retry": "false",
      "x-anyray-cap": "cap_1",
      "x-anyray-cap-reset": "2026-12-01T00:00:00.000Z",
    });
    expect(refused?.message).toContain("a month is $25.00; with");
  });

  test("say how long to wait where that is a minute at most", () => {
    const { ask, setNow } = rig([makeCap({ window: "hour" })]);
    const refusedAt = (beforeHourMs: number) => {
      setNow(NOW + 3_600_000 - beforeHourMs);
      return refusalOf(() => ask(ann, 101));
    };
    expect(refusedAt(61_000)?.headers["retry-after"]).toBeUndefined();
    const refused = refusedAt(20_000);
    expect(refused?.headers).toMatchObject({ "retry-after": "20", "x-should-retry": "false" });
    expect(refused?.message).toContain("in an hour is 100 tokens");
  });

  test("are all or nothing: what one refuses is reserved under none", () => {
    const { caps, ask } = rig([
      makeCap({ id: "cap_wide", amount: 1_000n }),
      makeCap({ id: "cap_narrow" }),
    ]);
    expect(codeOf(() => ask(ann, 500))).toBe("cap_exceeded");
    expect(caps.statusOf(ann).map(({ reserved }) => reserved)).toEqual([0n, 0n]);
  });

  test("refuse a model without a price where dollars are capped, unless that is allowed", () => {
    const cap = makeCap({ unit: "usd" });
    expect(codeOf(() => rig([cap]).ask(ann, 1, null))).toBe("model_not_allowed");
    expect(codeOf(() => rig([cap], true).ask(ann, 1, null))).toBe("admitted");
    expect(codeOf(() => rig([{ ...cap, mode: "soft" }]).ask(ann, 1, null))).toBe("admitted");
    expect(codeOf(() => rig([makeCap({})]).ask(ann, 1, null))).toBe("admitted");
  });

  test("that are soft let pass, and say so; thresholds are told of once a window", () => {
    const { ask, settle, events, setNow } = rig([makeCap({ mode: "soft", warnPercent: 80 })]);
    settle(ask(ann, 10), 85);
    expect(events.map(({ kind }) => kind)).toEqual(["cap.warned"]);
    settle(ask(ann, 10), 5);
    const over = ask(ann, 500);
    expect(over?.exceeded).toEqual([]);
    settle(over, 500);
    expect(ask(ann, 1)?.exceeded).toEqual(["cap_1"]);
    expect(events.map(({ kind }) => kind)).toEqual(["cap.warned", "cap.exceeded"]);
    setNow(NOW + 86_400_000);
    settle(ask(ann, 10), 85);
    expect(events.map(({ kind }) => kind)).toEqual(["cap.warned", "cap.exceeded", "cap.warned"]);
  });

  test("begin anew with the window; what was reserved in the old one is settled there", () => {
    const { caps, ask, settle, setNow } = rig([makeCap({})]);
    const old = ask(ann, 90);
    expect(codeOf(() => ask(ann, 20))).toBe("cap_exceeded");
    setNow(NOW + 86_400_000);
    const young = ask(ann, 20);
    const [charge] = settle(old, 70);
    expect(charge?.windowStartMs).toBe(Date.UTC(2026, 10, 24));
    expect(settle(young, 20)[0]?.windowStartMs).toBe(Date.UTC(2026, 10, 25));
    expect(caps.statusOf(ann)).toMatchObject([{ used: 20n, reserved: 0n }]);
  });

  test("go on with what the database has, and keep counting when they are changed", () => {
    const cap = makeCap({});
    const { caps, ask, settle } = rig([cap]);
    caps.addUsage([
      { capId: "cap_1", subject: "ann", windowStartMs: Date.UTC(2026, 10, 24), used: 70n },
      { capId: "cap_1", subject: "ann", windowStartMs: Date.UTC(2026, 10, 23), used: 900n },
      { capId: "cap_gone", subject: "ann", windowStartMs: Date.UTC(2026, 10, 24), used: 900n },
    ]);
    expect(codeOf(() => ask(ann, 31))).toBe("cap_exceeded");
    const live = ask(ann, 30);
    caps.setCaps([{ ...cap, amount: 50n, version: 2 }]);
    expect(codeOf(() => ask(ann, 1))).toBe("cap_exceeded");
    settle(live, 30);
    expect(caps.statusOf(ann)).toMatchObject([{ used: 100n, reserved: 0n, cap: { amount: 50n } }]);
    caps.setCaps([]);
    expect(caps.statusOf(ann)).toEqual([]);
  });

  test("hold for any requests, at once or one after the other, that end in any order or never", () => {
    const request = fc.record({
      payer: fc.constantFrom(ann, bob),
      estimate: fc.integer({ min: 0, max: 60 }),
      actual: fc.integer({ min: 0, max: 60 }),
      endsAfter: fc.integer({ min: 0, max: 20 }),
      dies: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 300 }), (requests) => {
        const limits = [makeCap({}), makeCap({ id: "cap_org", scope: "org", amount: 300n })];
        const { caps, ask, settle } = rig(limits);
        const live: { at: number; end: () => void }[] = [];
        const used = { ann: 0, bob: 0 };
        let overrun = 0;
        requests.forEach(({ payer, estimate, actual, endsAfter, dies }, n) => {
          for (const each of live.splice(0, live.length)) {
            if (each.at <= n) each.end();
            else live.push(each);
          }
          let held: CapReservation | null;
          try {
            held = ask(payer, estimate);
          } catch {
            return;
          }
          overrun += Math.max(0, actual - estimate);
          const end = () => {
            if (dies) return held?.release();
            used[payer === ann ? "ann" : "bob"] += actual;
            settle(held, actual);
          };
          live.push({ at: n + endsAfter, end });
          // What is admitted never passes a cap but by what others used beyond their estimate.
          for (const { cap, used: sum, reserved } of caps.statusOf(payer)) {
            expect(sum + reserved <= cap.amount + BigInt(overrun)).toBe(true);
          }
        });
        for (const each of live) each.end();
        for (const payer of [ann, bob]) {
          for (const { cap, used: sum, reserved } of caps.statusOf(payer)) {
            const name = payer === ann ? "ann" : "bob";
            const expected = cap.scope === "org" ? used.ann + used.bob : used[name];
            expect([reserved, sum]).toEqual([0n, BigInt(expected)]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
