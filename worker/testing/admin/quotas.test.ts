/** Caps and rate limits on a whole gateway: live at once, over restarts and kills, and for requests that come all together. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { onEachDatabase, type FreshDatabase } from "../databases.ts";
import { providersAt, startGateway, type TestGateway } from "../gateway.ts";
import { until } from "../until.ts";
import { startUpstream, type Upstream } from "../upstream.ts";
import { adminOf } from "./rig.ts";

const TOKENS = 1_000;
let upstream: Upstream;
/** Requests that the provider has seen and not answered. */
let held: (() => void)[] = [];
let isHolding = false;
beforeAll(async () => {
  upstream = await startUpstream((_, reply) => {
    const answer = (): void =>
      reply.json(200, {
        id: "c",
        model: "gpt-4o-mini",
        choices: [
          { index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" },
        ],
        usage: { prompt_tokens: TOKENS - 100, completion_tokens: 100, total_tokens: TOKENS },
      });
    if (isHolding) held.push(answer);
    else answer();
  });
});
afterAll(() => upstream.stop());

let fresh: FreshDatabase;

async function withGateway(
  work: (gateway: TestGateway, admin: ReturnType<typeof adminOf>) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const gateway = await startGateway({
    ANYRAY_PROVIDERS: providersAt(upstream.url, {
      price_id: "openai",
      models: ["gpt-4o-mini", "odd"],
    }),
    ...(await fresh()),
    ...env,
  });
  try {
    await work(gateway, adminOf(gateway));
  } finally {
    isHolding = false;
    for (const answer of held.splice(0)) answer();
    await gateway.stop();
  }
}

const ask = (gateway: TestGateway, user = "ann", more: object = {}) =>
  gateway.post(
    "/v1/chat/completions",
    { model: "gpt-4o-mini", messages: [{ role: "user", content: "hi" }], max_tokens: 100, ...more },
    { "x-anyray-metadata": JSON.stringify({ user, team: "red" }) },
  );
const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const response = await answer;
  await response.text();
  return response.status;
};
const usage = async (admin: ReturnType<typeof adminOf>, id: string) =>
  (await admin("GET", `/admin/caps/${id}`)).body.usage;

onEachDatabase((makeFresh) => {
  beforeAll(() => {
    fresh = makeFresh;
  });

  describe("a hard cap", () => {
    test("reserves no more of output than the model can write, whatever is asked for", async () => {
      await withGateway(async (gateway, admin) => {
        await admin("POST", "/admin/caps", {
          scope: "org",
          unit: "usd",
          amount: "1",
          window: "month",
        });
        // 100 million tokens of output would be 60 dollars; the model's 128,000 are 8 cents, and 20 times that is more than one.
        expect(await statusOf(ask(gateway, "ann", { max_tokens: 100_000_000 }))).toBe(200);
        expect(await statusOf(ask(gateway, "ann", { max_tokens: 100_000_000, n: 20 }))).toBe(429);
      });
    });

    test("refuses from the moment it is reached, in the caller's dialect, and is told to the caller", async () => {
      await withGateway(async (gateway, admin) => {
        await statusOf(ask(gateway));
        const made = await admin("POST", "/admin/caps", {
          scope: "user",
          unit: "tokens",
          amount: 2_050,
          window: "month",
          warn_percent: 50,
        });
        expect(made.status).toBe(201);
        // What was used before the cap was made counts.
        expect(made.body.usage).toMatchObject([{ subject: "ann", used: "1000", reserved: "0" }]);
        expect(await statusOf(ask(gateway))).toBe(200);
        const refused = await ask(gateway);
        expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([429, "false"]);
        expect(refused.headers.get("retry-after")).toBeNull();
        expect((await refused.json()).error).toMatchObject({ code: "cap_exceeded" });
        expect(await statusOf(ask(gateway, "bob"))).toBe(200);
        expect((await gateway.rows()).map(({ outcome }) => outcome)).toEqual([
          "ok",
          "ok",
          "refused",
          "ok",
        ]);
        await until(async () => {
          const { entries } = (await admin("GET", "/admin/audit")).body;
          return entries.some(({ action }: { action: string }) => action === "cap.warned") || null;
        });
        const { users } = (await admin("GET", "/admin/users")).body;
        const ann = users.find(({ name }: { name: string }) => name === "ann");
        expect(ann.caps).toMatchObject([{ used: "2000", amount: "2050" }]);
        expect(ann.last_seen).not.toBeNull();
        await admin("PATCH", `/admin/caps/${made.body.id}`, { amount: "10000" });
        expect(await statusOf(ask(gateway))).toBe(200);
        await admin("DELETE", `/admin/caps/${made.body.id}`);
        expect((await admin("GET", "/admin/caps")).body.caps).toEqual([]);
      });
    });

    test("reserves for everything that a request asks to be written, however it says so", async () => {
      await withGateway(async (gateway, admin) => {
        const cap = { scope: "org", unit: "tokens", amount: 20_000, window: "day" };
        await admin("POST", "/admin/caps", cap);
        const chat = (more: object) => ask(gateway, "ann", more);
        const completion = (more: object) =>
          gateway.post("/v1/completions", { model: "gpt-4o-mini", prompt: "hi", ...more });
        expect(await statusOf(chat({ max_tokens: null }))).toBe(200);
        for (const [name, asked] of [
          ["no limit, and many choices", chat({ max_tokens: null, n: 8 })],
          ["choices", chat({ max_tokens: 1_000, n: 20 })],
          ["the larger of two limits", chat({ max_completion_tokens: 1, max_tokens: 20_000 })],
          ["the best of many", completion({ max_tokens: 1_000, best_of: 20 })],
          ["prompts", completion({ max_tokens: 1_000, prompt: Array(20).fill("hi") })],
          ["prompts in tokens", completion({ max_tokens: 1_000, prompt: Array(20).fill([1]) })],
        ] as const) {
          expect([name, await statusOf(asked)]).toEqual([name, 429]);
        }
        for (const more of [{ best_of: "20" }, { best_of: 1.5 }, { n: -1 }, { max_tokens: 0.5 }]) {
          expect([more, await statusOf(completion(more))]).toEqual([more, 400]);
        }
        expect(await statusOf(completion({ max_tokens: 1_000, prompt: Array(20).fill(1) }))).toBe(
          200,
        );
      });
    });

    test("reserves for pictures that a request only names, and for the tier that it asks for", async () => {
      await withGateway(async (gateway, admin) => {
        const picture = { type: "image_url", image_url: { url: "https://pictures.example/a.png" } };
        const showing = (count: number) => ({
          messages: [{ role: "user", content: Array(count).fill(picture) }],
        });
        const tokens = { scope: "org", unit: "tokens", amount: 10_000, window: "day" };
        const { id } = (await admin("POST", "/admin/caps", tokens)).body;
        expect(await statusOf(ask(gateway, "ann", showing(3)))).toBe(429);
        expect(await statusOf(ask(gateway, "ann", showing(2)))).toBe(200);
        await admin("DELETE", `/admin/caps/${id}`);

        const prices = {
          provider: "mock",
          model: "gpt-4o-mini",
          input_usd_per_million: "1",
          output_usd_per_million: "1",
          service_tiers: {
            priority: { input_usd_per_million: "100", output_usd_per_million: "100" },
            flex: { input_usd_per_million: "0.1", output_usd_per_million: "0.1" },
          },
        };
        const put = await admin("PUT", "/admin/prices", { version: "own-1", prices: [prices] });
        expect(put.status).toBe(200);
        // Its 1,000 tokens of output are a tenth of a cent; at the tier ten cents.
        const dollars = { scope: "user", unit: "usd", amount: "0.05", window: "day" };
        await admin("POST", "/admin/caps", dollars);
        const at = (service_tier: string) =>
          statusOf(ask(gateway, "bob", { max_tokens: 1_000, service_tier }));
        expect([await at("priority"), await at("flex"), await at("auto")]).toEqual([429, 200, 200]);
        const small = { ...dollars, scope_id: "cy", amount: "0.0005" };
        await admin("POST", "/admin/caps", small);
        // Asked for cheaply, it may be served at list price.
        const cheap = ask(gateway, "cy", { max_tokens: 1_000, service_tier: "flex" });
        expect(await statusOf(cheap)).toBe(429);
      });
    });

    test("holds for requests that come all together: as many pass as fit, none more", async () => {
      await withGateway(async (gateway, admin) => {
        isHolding = true;
        // Each reserves its hundred tokens of output, and some for its few bytes.
        const { id } = (
          await admin("POST", "/admin/caps", {
            scope: "org",
            unit: "tokens",
            amount: 1_600,
            window: "day",
          })
        ).body;
        const answers = Array.from({ length: 200 }, (_, n) => statusOf(ask(gateway, `u${n}`)));
        await new Promise((resolve) => setTimeout(resolve, 400));
        const [{ reserved }] = await usage(admin, id);
        expect(Number(reserved)).toBeGreaterThan(1_400);
        expect(Number(reserved)).toBeLessThanOrEqual(1_600);
        const passed = held.length;
        expect(passed).toBeGreaterThan(5);
        isHolding = false;
        for (const answer of held.splice(0)) answer();
        const statuses = await Promise.all(answers);
        expect(statuses.filter((status) => status === 200)).toHaveLength(passed);
        expect(statuses.filter((status) => status === 429)).toHaveLength(200 - passed);
        expect(await usage(admin, id)).toMatchObject([
          { used: String(passed * TOKENS), reserved: "0" },
        ]);
      });
    }, 20_000);

    test("in dollars counts what the ledger counts, over a restart, too", async () => {
      const env = {
        ANYRAY_PROVIDERS: providersAt(upstream.url, {
          price_id: "openai",
          models: ["gpt-4o-mini"],
        }),
        ...(await fresh()),
      };
      const first = await startGateway(env);
      const { id } = (
        await adminOf(first)("POST", "/admin/caps", {
          scope: "team",
          scope_id: "red",
          unit: "usd",
          amount: "0.001",
          window: "month",
          time_zone: "Europe/Berlin",
        })
      ).body;
      expect(await statusOf(ask(first))).toBe(200);
      const [before] = await usage(adminOf(first), id);
      const cost = (await first.rows())[0]?.costPicoUsd ?? 0n;
      expect(before.used).toBe(`0.${String(cost).padStart(12, "0")}`);
      await first.gateway.drain();
      await first.gateway.close();
      const second = await startGateway(env, first.dataDir);
      expect(await usage(adminOf(second), id)).toEqual([before]);
      await second.stop();
    });

    test("in dollars refuses what has no price, unless the operator allows it", async () => {
      const cap = { scope: "org", unit: "usd", amount: "5", window: "day" };
      await withGateway(async (gateway, admin) => {
        await admin("POST", "/admin/caps", cap);
        const answer = await ask(gateway, "ann", { model: "odd" });
        expect([answer.status, (await answer.json()).error.code]).toEqual([
          403,
          "model_not_allowed",
        ]);
      });
      await withGateway(
        async (gateway, admin) => {
          await admin("POST", "/admin/caps", cap);
          expect(await statusOf(ask(gateway, "ann", { model: "odd" }))).toBe(200);
        },
        { ANYRAY_UNPRICED: "allow" },
      );
    });

    test("is not held up by requests that failed: what they reserved is free again", async () => {
      await withGateway(async (gateway, admin) => {
        const { id } = (
          await admin("POST", "/admin/caps", {
            scope: "org",
            unit: "tokens",
            amount: 5_000,
            window: "day",
          })
        ).body;
        isHolding = true;
        const aborted = Array.from({ length: 5 }, () => {
          const controller = new AbortController();
          const answer = gateway
            .fetch("/v1/chat/completions", {
              method: "POST",
              headers: { authorization: `Bearer ${gateway.key}` },
              body: JSON.stringify({ model: "gpt-4o-mini", messages: [], max_tokens: 200 }),
              signal: controller.signal,
            })
            .catch(() => null);
          return { controller, answer };
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(Number((await usage(admin, id))[0].reserved)).toBeGreaterThan(1_000);
        for (const { controller } of aborted) controller.abort();
        await gateway.waitForRows(5);
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect((await usage(admin, id))[0].reserved).toBe("0");
      });
    });
  });

  describe("a soft cap", () => {
    test("lets pass, says so in a header, and once in the audit log", async () => {
      await withGateway(async (gateway, admin) => {
        const { id } = (
          await admin("POST", "/admin/caps", {
            scope: "user",
            scope_id: "ann",
            unit: "tokens",
            amount: 500,
            window: "week",
            mode: "soft",
          })
        ).body;
        expect((await ask(gateway, "bob")).headers.get("x-anyray-cap-exceeded")).toBeNull();
        for (let n = 0; n < 2; n++) {
          const answer = await ask(gateway);
          expect([answer.status, answer.headers.get("x-anyray-cap-exceeded")]).toEqual([200, id]);
        }
        const entries = await until(async () => {
          const found = (await admin("GET", "/admin/audit?action=cap.exceeded")).body.entries;
          return found.length > 0 ? found : null;
        });
        expect(entries).toHaveLength(1);
        expect(entries[0]).toMatchObject({
          actor: "gateway",
          target: id,
          after: { subject: "ann" },
        });
      });
    });

    test("tells the operator's address, and nothing of what was asked", async () => {
      const notices: string[] = [];
      const listener = await startUpstream((request, reply) => {
        notices.push(new TextDecoder().decode(request.body));
        reply.json(200, {});
      });
      await withGateway(
        async (gateway, admin) => {
          await admin("POST", "/admin/caps", {
            scope: "org",
            unit: "tokens",
            amount: 1_100,
            window: "hour",
            mode: "soft",
            warn_percent: 90,
          });
          await statusOf(ask(gateway));
          for (let n = 0; n < 100 && notices.length === 0; n++) {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          expect(JSON.parse(notices[0] ?? "{}")).toMatchObject({
            event: "cap.warned",
            unit: "tokens",
            used: "1000",
          });
          expect(Object.keys(JSON.parse(notices[0] ?? "{}")).sort()).toEqual(
            ["amount", "cap", "event", "scope", "subject", "time", "unit", "used", "window"].concat(
              ["window_end", "window_start"],
            ),
          );
        },
        { ANYRAY_WEBHOOK_URL: `${listener.url}/hook` },
      );
      await listener.stop();
    });
  });

  describe("what administrators may say of caps and limits", () => {
    test("is checked, member by member, and changed only as it was read", async () => {
      await withGateway(async (_, admin) => {
        const good = { scope: "user", unit: "usd", amount: "1.50", window: "day" };
        for (const [change, field] of [
          [{ scope: "world" }, "scope"],
          [{ scope: "org", scope_id: "x" }, "scope_id"],
          [{ unit: "euro" }, "unit"],
          [{ amount: "much" }, "amount"],
          [{ amount: "-1" }, "amount"],
          [{ amount: null }, "amount"],
          [{ window: "year" }, "window"],
          [{ time_zone: "Mars/Base" }, "time_zone"],
          [{ warn_percent: 0 }, "warn_percent"],
          [{ colour: "red" }, "unknown"],
        ] as const) {
          const answer = await admin("POST", "/admin/caps", { ...good, ...change });
          expect([change, answer.status]).toEqual([change, 400]);
          expect(answer.body.error.message).toContain(field);
        }
        const { id, version } = (await admin("POST", "/admin/caps", good)).body;
        const at = (tag: string) =>
          admin("PATCH", `/admin/caps/${id}`, { amount: 2 }, undefined, { "if-match": tag });
        expect((await at(`"${version}"`)).body).toMatchObject({
          amount: "2.000000000000",
          version: 2,
        });
        expect((await at(`"${version}"`)).status).toBe(409);
        expect((await at("soon")).status).toBe(400);
        expect((await admin("PATCH", `/admin/caps/${id}`, { window: "hour" })).status).toBe(400);
        expect((await admin("POST", "/admin/limits", { scope: "key" })).status).toBe(400);
        expect(
          (await admin("POST", "/admin/limits", { scope: "key", concurrent: -1 })).status,
        ).toBe(400);
      });
    });
  });

  test("the same cap is not made twice, however it is written, also not at once", async () => {
    await withGateway(async (_, admin) => {
      const terms = { scope: "user", scope_id: "ann", unit: "usd", amount: "5", window: "day" };
      const make = (more: object = {}) => admin("POST", "/admin/caps", { ...terms, ...more });
      const first = await make();
      const again = await make({ amount: 5.0, time_zone: "UTC", mode: "hard" });
      expect([first.status, again.status, again.body.error.code]).toEqual([201, 409, "conflict"]);
      expect(again.body.error.message).toContain(first.body.id);
      // What differs in anything has a sense of its own.
      const others = [{ mode: "soft" }, { amount: "6" }, { warn_percent: 80 }, { window: "week" }];
      for (const other of others) expect((await make(other)).status).toBe(201);
      const atOnce = await Promise.all([make({ amount: "7" }), make({ amount: "7" })]);
      expect(atOnce.map(({ status }) => status).toSorted()).toEqual([201, 409]);
      await admin("DELETE", `/admin/caps/${first.body.id}`);
      expect((await make()).status).toBe(201);
    });
  });

  describe("a rate limit", () => {
    test("of 0 stops all that it holds for: SDKs are told not to try again", async () => {
      await withGateway(async (gateway, admin) => {
        const zero = { scope: "user", scope_id: "ann", requests_per_minute: 0 };
        expect((await admin("POST", "/admin/limits", zero)).status).toBe(201);
        const refused = await ask(gateway);
        const { headers } = refused;
        expect([refused.status, headers.get("x-should-retry"), headers.get("retry-after")]).toEqual(
          [429, "false", null],
        );
        expect(await refused.text()).toContain("This limit is 0");
        expect(await statusOf(ask(gateway, "bob"))).toBe(200);
      });
    });

    test("counts at once, is changed at once, and is gone at once", async () => {
      await withGateway(async (gateway, admin) => {
        const { body: limit } = await admin("POST", "/admin/limits", {
          scope: "user",
          requests_per_minute: 2,
        });
        const first = await ask(gateway);
        expect([first.status, first.headers.get("x-ratelimit-remaining-requests")]).toEqual([
          200,
          "1",
        ]);
        expect(await statusOf(ask(gateway))).toBe(200);
        const refused = await ask(gateway);
        expect([refused.status, refused.headers.get("x-ratelimit-limit-requests")]).toEqual([
          429,
          "2",
        ]);
        expect((await refused.json()).error.code).toBe("rate_limited");
        expect(await statusOf(ask(gateway, "bob"))).toBe(200);
        const path = `/admin/limits/${limit.id}`;
        await admin("PATCH", path, { requests_per_minute: null, concurrent: 1 });
        isHolding = true;
        const holding = statusOf(ask(gateway));
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(await statusOf(ask(gateway))).toBe(429);
        isHolding = false;
        for (const answer of held.splice(0)) answer();
        expect(await holding).toBe(200);
        expect(await statusOf(ask(gateway))).toBe(200);
        await admin("DELETE", path);
        expect((await admin("GET", "/admin/limits")).body.limits).toEqual([]);
      });
    });
  });

  test("counting tokens is a request, too, and costs nothing under a cap", async () => {
    await withGateway(
      async (gateway, admin) => {
        await admin("POST", "/admin/caps", {
          scope: "org",
          unit: "tokens",
          amount: 0,
          window: "day",
        });
        await admin("POST", "/admin/limits", { scope: "key", requests_per_minute: 2 });
        const count = () =>
          statusOf(
            gateway.post("/v1/messages/count_tokens", {
              model: "demo",
              messages: [{ role: "user", content: "hi" }],
            }),
          );
        expect([await count(), await count(), await count()]).toEqual([200, 200, 429]);
      },
      { ANYRAY_PROVIDERS: JSON.stringify({ demo: { kind: "demo" } }) },
    );
  });

  describe("GET /v1/anyray/me", () => {
    test("tells a caller what they spent and may spend, and nothing of others", async () => {
      await withGateway(async (gateway, admin) => {
        const { secret, key } = (await admin("POST", "/admin/keys", { user: "ann", name: "own" }))
          .body;
        await admin("POST", "/admin/caps", {
          scope: "user",
          unit: "tokens",
          amount: 9_000,
          window: "month",
        });
        await statusOf(ask(gateway, "bob"));
        await statusOf(
          gateway.fetch("/v1/chat/completions", {
            method: "POST",
            headers: { authorization: `Bearer ${secret}` },
            body: JSON.stringify({ model: "gpt-4o-mini", messages: [] }),
          }),
        );
        const me = await admin("GET", "/v1/anyray/me", undefined, secret);
        expect(me.body.key).toMatchObject({ id: key.id, user: "ann" });
        expect(me.body.month).toMatchObject({ of: "user", requests: 1, input_tokens: 900 });
        expect(me.body.caps).toMatchObject([{ subject: "ann", used: "1000" }]);
        expect((await admin("GET", "/v1/anyray/me", undefined, null)).status).toBe(401);
      });
    });
  });
});
