/** How the gateway is, what leaves it, and whether its providers answer. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { providersAt, startGateway, type TestGateway } from "../gateway.ts";
import { startUpstream, type Upstream } from "../upstream.ts";
import { adminOf } from "./rig.ts";

let upstream: Upstream;
let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
let status = 200;
const asked: string[] = [];
beforeAll(async () => {
  upstream = await startUpstream((request, reply) => {
    asked.push(`${request.method} ${request.path} ${request.headers.get("authorization") ?? ""}`);
    reply.json(status, { data: [] });
  });
  gateway = await startGateway({ ANYRAY_PROVIDERS: providersAt(upstream.url) });
  admin = adminOf(gateway);
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

describe("POST /admin/providers/{id}/test", () => {
  test("asks for the models with the provider's own key, and says what to do", async () => {
    for (const [answer, code] of [
      [200, "ok"],
      [401, "credential_refused"],
      [404, "unexpected_status"],
      [500, "unexpected_status"],
    ] as const) {
      status = answer;
      const tested = await admin("POST", "/admin/providers/mock/test");
      expect(tested.body).toMatchObject({ code, status: answer });
      expect(tested.body.next === null).toBe(code === "ok");
    }
    expect(asked[0]).toBe("GET /v1/models Bearer sk-upstream-secret");
    expect((await admin("POST", "/admin/providers/nobody/test")).status).toBe(404);
    const { entries } = (await admin("GET", "/admin/audit?action=provider.test")).body;
    expect(entries).toHaveLength(4);
    expect(await gateway.rows()).toEqual([]);
  });

  test("tells a provider that is away from one that answers", async () => {
    const away = await startGateway({ ANYRAY_PROVIDERS: providersAt("http://127.0.0.1:1") });
    expect((await adminOf(away)("POST", "/admin/providers/mock/test")).body).toMatchObject({
      code: "unreachable",
      status: null,
    });
    await away.stop();
    const demo = await startGateway();
    expect((await adminOf(demo)("POST", "/admin/providers/demo/test")).status).toBe(200);
    await demo.stop();
  });
});

test("GET /admin/providers shows fingerprints, never keys", async () => {
  const { body } = await admin("GET", "/admin/providers");
  expect(body.providers.map(({ id }: { id: string }) => id)).toEqual(["mock", "claude"]);
  expect(body.providers[0].key_fingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(JSON.stringify(body)).not.toContain("secret");
});

test("GET /admin/health tells administrators all, with what the deployment could do better", async () => {
  const { body } = await admin("GET", "/admin/health");
  expect(body).toMatchObject({
    status: "ok",
    checks: { ledger: { state: "ok" } },
    ledger_rows_waiting: 0,
    warnings: ["secrets_beside_data"],
  });
});

test("GET /admin/boundary lists every place, why, and what has passed", async () => {
  status = 200;
  await admin("POST", "/admin/providers/mock/test");
  const { body } = await admin("GET", "/admin/boundary");
  expect(
    body.destinations.map(({ name, reason }: Record<string, string>) => [name, reason]),
  ).toEqual([
    ["mock", "provider"],
    ["claude", "provider"],
  ]);
  expect(body.destinations[0].bytes_sent).toBeGreaterThan(50);
  expect(body.destinations[1].requests).toBe(0);
  expect(body.refused_elsewhere).toBe(0);
});
