import { describe, expect, test } from "bun:test";
import type { RateLimit } from "../../db/store.ts";
import { GatewayError } from "../errors.ts";
import { Rates } from "./rates.ts";
import type { Payer } from "./scope.ts";

const ann: Payer = { keyId: "key_a", user: "ann", team: null };
const bob: Payer = { keyId: "key_b", user: "bob", team: null };

function rig(more: Partial<RateLimit>) {
  let now = 0;
  const rates = new Rates({ monotonic: () => now, now: () => Date.UTC(2026, 10, 24) + now });
  const limit: RateLimit = {
    id: "lim_1",
    scope: "user",
    scopeId: null,
    requestsPerMinute: null,
    tokensPerMinute: null,
    concurrent: null,
    createdAtMs: 0,
    version: 1,
    ...more,
  };
  rates.setLimits([limit]);
  const pass = (ms: number): void => {
    now += ms;
  };
  const refused = (payer = ann, family: "openai" | "anthropic" = "openai"): GatewayError | null => {
    try {
      rates.admit(payer, family)?.release();
      return null;
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  };
  return { rates, limit, pass, refused };
}

describe("rate limits", () => {
  test("let so many requests pass a minute, each user's apart, and fill evenly again", () => {
    const { pass, refused } = rig({ requestsPerMinute: 6 });
    for (let n = 0; n < 6; n++) expect(refused()).toBeNull();
    const error = refused();
    expect([error?.code, error?.headers["retry-after"]]).toEqual(["rate_limited", "10"]);
    expect(refused(bob)).toBeNull();
    pass(9_999);
    expect(refused()?.code).toBe("rate_limited");
    pass(2);
    expect(refused()).toBeNull();
    expect(refused()?.code).toBe("rate_limited");
    pass(3_600_000);
    for (let n = 0; n < 6; n++) expect(refused()).toBeNull();
    expect(refused()?.code).toBe("rate_limited");
  });

  test("take tokens when they are known: what was too much is made up for", () => {
    const { rates, pass, refused } = rig({ tokensPerMinute: 600 });
    const held = rates.admit(ann, "openai");
    held?.spend(1_200);
    held?.release();
    expect(refused()?.headers["retry-after"]).toBe("60");
    pass(60_001);
    expect(refused()).toBeNull();
  });

  test("bound how many are under way, and count each end once", () => {
    const { rates, refused } = rig({ concurrent: 2 });
    const held = [rates.admit(ann, "openai"), rates.admit(ann, "openai")];
    expect(refused()?.code).toBe("rate_limited");
    held[0]?.release();
    held[0]?.release();
    const third = rates.admit(ann, "openai");
    expect(refused()?.code).toBe("rate_limited");
    third?.release();
    expect(refused()).toBeNull();
  });

  test("say so in the headers of either family", () => {
    const { refused } = rig({ requestsPerMinute: 1 });
    refused();
    expect(refused()?.headers).toEqual({
      "x-ratelimit-limit-requests": "1",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "60s",
      "retry-after": "60",
      "x-anyray-limit": "lim_1",
    });
    expect(refused(ann, "anthropic")?.headers).toEqual({
      "anthropic-ratelimit-requests-limit": "1",
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-11-24T00:01:00.000Z",
      "retry-after": "60",
      "x-anyray-limit": "lim_1",
    });
  });

  test("say what is left with every answer: of the limit that is nearest, and when it is full again", () => {
    const { rates, limit, pass } = rig({ requestsPerMinute: 10, tokensPerMinute: 1_000 });
    const org: RateLimit = {
      ...limit,
      id: "lim_2",
      scope: "org",
      requestsPerMinute: 4,
      tokensPerMinute: null,
    };
    rates.setLimits([limit, org]);
    rates.admit(ann, "openai")?.spend(250);
    expect(Object.fromEntries(rates.admit(ann, "openai")?.headers ?? [])).toEqual({
      "x-ratelimit-limit-requests": "4",
      "x-ratelimit-remaining-requests": "2",
      "x-ratelimit-reset-requests": "30s",
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-tokens": "750",
      "x-ratelimit-reset-tokens": "15s",
    });
    pass(6_000);
    expect(Object.fromEntries(rates.admit(ann, "anthropic")?.headers ?? [])).toMatchObject({
      "anthropic-ratelimit-requests-limit": "4",
      "anthropic-ratelimit-requests-remaining": "1",
      "anthropic-ratelimit-tokens-remaining": "850",
      "anthropic-ratelimit-tokens-reset": "2026-11-24T00:00:15.000Z",
    });
  });

  test("of nothing let nothing pass, and a change counts at once", () => {
    const { rates, limit, refused } = rig({ requestsPerMinute: 0 });
    for (const unit of ["requestsPerMinute", "tokensPerMinute", "concurrent"] as const) {
      rates.setLimits([{ ...limit, requestsPerMinute: null, [unit]: 0 }]);
      const error = refused();
      // Waiting helps nobody: SDKs are told not to try again, and people why.
      expect([error?.code, error?.headers, error?.message.includes("is 0")]).toEqual([
        "rate_limited",
        { "x-should-retry": "false", "x-anyray-limit": limit.id },
        true,
      ]);
    }
    rates.setLimits([{ ...limit, requestsPerMinute: 60_000 }]);
    rates.setLimits([]);
    expect(refused()).toBeNull();
  });
});
