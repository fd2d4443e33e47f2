/** Prices of the operator's own: set, used by the next request, removed; or refused whole. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { providersAt, startGateway, type TestGateway } from "../gateway.ts";
import { startUpstream, type Upstream } from "../upstream.ts";
import { adminOf } from "./rig.ts";

let upstream: Upstream;
let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  upstream = await startUpstream((_, reply) =>
    reply.json(200, {
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 },
    }),
  );
  gateway = await startGateway({ ANYRAY_PROVIDERS: providersAt(upstream.url) });
  admin = adminOf(gateway);
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

const FILE = {
  version: "2026-11",
  prices: [
    { provider: "mock", model: "m", input_usd_per_million: "1", output_usd_per_million: "2" },
  ],
};
const AT = "/admin/prices/effective?provider=mock&model=m";

async function costOfNext(): Promise<bigint | null> {
  const before = (await gateway.rows()).length;
  await (await gateway.post("/v1/chat/completions", { model: "m", messages: [] })).text();
  return (await gateway.waitForRows(before + 1)).at(-1)?.costPicoUsd ?? null;
}

test("a price counts from the next request on, is audited, and is gone when it is removed", async () => {
  expect([await costOfNext(), (await admin("GET", AT)).status]).toEqual([null, 404]);
  expect((await admin("PUT", "/admin/prices", FILE)).body).toEqual({
    stored: 1,
    version: "2026-11",
    revision: 1,
  });
  expect(await costOfNext()).toBe(2_000_000_000n);
  const price = (await admin("GET", AT)).body;
  expect(price).toMatchObject({ provider: "mock", model: "m" });
  expect(price.version).toContain("2026-11");
  expect((await admin("GET", "/admin/prices")).body.overrides).toHaveLength(1);
  const { entries } = (await admin("GET", "/admin/audit?action=price.import")).body;
  expect(entries[0]).toMatchObject({ target: "2026-11", after: { prices: 1 } });
  expect((await admin("DELETE", "/admin/prices?provider=mock&model=m")).status).toBe(200);
  expect(await costOfNext()).toBeNull();
  expect((await admin("DELETE", "/admin/prices?provider=mock&model=m")).status).toBe(404);
});

test("prices are changed only as they were read, where what was read is named", async () => {
  const { revision, vendored_version } = (await admin("GET", "/admin/prices")).body;
  expect(vendored_version).toStartWith("genai-prices-");
  const at = (version: number) => ({ "if-match": `"${version}"` });
  const put = (version: number) => admin("PUT", "/admin/prices", FILE, undefined, at(version));
  expect((await put(revision)).body.revision).toBe(revision + 1);
  expect((await put(revision)).status).toBe(409);
  const where = "/admin/prices?provider=mock&model=m";
  expect((await admin("DELETE", where, undefined, undefined, at(revision))).status).toBe(409);
  expect((await admin("GET", AT)).status).toBe(200);
  const removed = await admin("DELETE", where, undefined, undefined, at(revision + 1));
  expect(removed.status).toBe(200);
  expect((await admin("GET", "/admin/prices")).body.revision).toBe(revision + 2);
});

test("a faulty file is refused whole, by the place of each fault", async () => {
  const [good] = FILE.prices;
  for (const [body, place] of [
    [{ ...FILE, version: "what is this, please tell me now" }, "version"],
    [{ ...FILE, prices: [] }, "prices"],
    [
      { ...FILE, prices: [good, { ...good, model: "n", input_usd_per_million: "cheap" }] },
      "prices[1]",
    ],
    [{ ...FILE, prices: [good, good] }, "prices[1].model"],
  ] as const) {
    const answer = await admin("PUT", "/admin/prices", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain(place);
  }
  expect((await admin("GET", "/admin/prices")).body.overrides).toEqual([]);
  expect((await admin("GET", "/admin/prices/effective?provider=mock")).status).toBe(400);
});
