/**
 * Reserve and settle, with a crash at each step: hundreds of requests at once under a hard cap, the process killed by itself where a chosen
 * one of them is. Afterwards what is used is what the ledger has, nothing is reserved, and the cap was not passed.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { onEachDatabase } from "../databases.ts";
import { startGateway, temporaryDirectory, type GatewayProcess } from "../gateway-process.ts";
import { startMockProvider, type MockProvider } from "../mock-provider.ts";
import { until } from "../until.ts";
import { CRASH_STEPS, type CrashStep } from "./steps.ts";

const MAIN = fileURLToPath(new URL("./step-main.ts", import.meta.url));
const PARALLEL = 200;
/** Some dozens of the requests fit. */
const AMOUNT = 2_000;
const STEP_LIMIT_MS = 90_000;

interface CapUsage {
  readonly subject: string | null;
  readonly used: string;
  readonly reserved: string;
}

onEachDatabase((fresh) => {
  describe.skipIf("Deno" in globalThis)("a crash in the midst of many requests", () => {
    const directory = temporaryDirectory();
    let provider: MockProvider;
    let env: Record<string, string> = {};
    const start = (more: Partial<Parameters<typeof startGateway>[0]> = {}) =>
      startGateway({ dataDir: directory.path, providers: provider.providers, env, ...more });

    beforeAll(async () => {
      env = { ...(await fresh()), ANYRAY_CONTENT_MODE: "off" };
      provider = await startMockProvider();
      const gateway = await start();
      await caps(gateway, { scope: "user", unit: "tokens", amount: AMOUNT, window: "month" });
      await gateway.stop();
    }, 30_000);
    afterAll(async () => {
      await provider.close();
      directory.remove();
    });

    for (const step of CRASH_STEPS) {
      test(
        `that finds one of them ${step} passes no cap, counts each once and holds nothing back`,
        async () => {
          const dying = await start({
            main: MAIN,
            env: { ...env, CRASH_STEP: step, CRASH_AT: "17" },
          });
          const seenBefore = provider.seen.length;
          const answered = await Promise.all(
            Array.from({ length: PARALLEL }, (_, index) => ask(dying, step, index)),
          );
          expect(answered.filter((status) => status === null).length).toBeGreaterThan(0);
          await dying.kill();
          await until(async () => (provider.openCount === 0 ? true : null));

          const gateway = await start();
          const seen = provider.seen.slice(seenBefore).map(({ testId }) => testId);
          expect(new Set(seen).size).toBe(seen.length);
          await holds(gateway, step, seen);
          // And it goes on: what is left of the cap is given out, and no more.
          const later = await Promise.all(
            Array.from({ length: PARALLEL }, (_, index) => ask(gateway, step, PARALLEL + index)),
          );
          expect(later.filter((status) => status !== 200 && status !== 429)).toEqual([]);
          expect(later).toContain(429);
          const all = provider.seen.slice(seenBefore).map(({ testId }) => testId);
          await until(async () => ((await usage(gateway, step))?.reserved === "0" ? true : null));
          await holds(gateway, step, all);
          await gateway.stop();
        },
        STEP_LIMIT_MS,
      );
    }
  });
});

/** @param seen by the provider */
async function holds(gateway: GatewayProcess, step: CrashStep, seen: readonly string[]) {
  const rows = (await gateway.records({ user: step })).filter((row) => row.attempt > 0);
  const sessions = rows.map((row) => row.session);
  expect(new Set(sessions).size).toBe(sessions.length);
  expect(seen.filter((id) => !sessions.includes(id))).toEqual([]);
  const tokens = rows.reduce((sum, row) => sum + row.input_tokens + row.output_tokens, 0);
  const cap = await usage(gateway, step);
  // Nothing was used, so nothing is counted.
  expect(cap ?? { used: "0", reserved: "0" }).toMatchObject({
    used: String(tokens),
    reserved: "0",
  });
  expect(tokens).toBeLessThanOrEqual(AMOUNT);
}

async function usage(gateway: GatewayProcess, user: string): Promise<CapUsage | undefined> {
  return (await caps(gateway)).find(({ subject }) => subject === user);
}

/** Of the one cap. @param body makes it */
async function caps(gateway: GatewayProcess, body?: object): Promise<readonly CapUsage[]> {
  const response = await fetch(`${gateway.url}/admin/caps`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${gateway.adminToken}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  const answer = await response.json();
  return body === undefined ? answer.caps[0].usage : answer.usage;
}

/** The status; null: the connection broke. */
async function ask(gateway: GatewayProcess, user: string, index: number): Promise<number | null> {
  const id = `${user}-${index}`;
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.clientKey}`,
        "content-type": "application/json",
        "x-anyray-metadata": JSON.stringify({ user, session: id }),
        "x-test-id": id,
        "x-test-ms": String(20 + (index % 50)),
      },
      body: JSON.stringify({
        model: "mock/timed",
        stream: index % 2 === 0,
        max_tokens: 20,
        messages: [{ role: "user", content: "Hello" }],
      }),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}
