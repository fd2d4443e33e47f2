/** Providers: the list, one of them, and all that is done with them; and that no secret comes back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const SECRET = "sk-never-to-be-seen-again";
const VALUE = "apollo-never-to-be-seen";
const ACME = {
  id: "acme",
  kind: "openai-compatible",
  base_url: "https://api.acme.example/v1",
  api_key: SECRET,
  headers: { "x-project": VALUE },
  models: ["acme-large"],
};
const addAcme = (at: TestConsole, terms: object = {}) =>
  adminAsk(at, "POST", "/providers", { ...ACME, ...terms });

testPage({
  path: "/providers",
  area: "providers",
  title: "Providers",
  empty: "none: it runs in the gateway",
  async fill(at) {
    await addAcme(at);
    return { shows: "https://api.acme.example/v1" };
  },
});
testPage({
  path: "/providers/new",
  area: "providers",
  title: "New provider",
});
for (const [suffix, title, shows] of [
  ["", "acme", "x-project"],
  ["/change", "Change acme", "Take the key away"],
  ["/remove", "Remove the provider acme?", "Type acme to confirm"],
] as const) {
  testPage({
    path: `/providers/acme${suffix}`,
    area: "providers",
    title,
    // Whether it can be changed here is a word of the gateway, which is spoilt, too: then it can't.
    async fill(at) {
      await addAcme(at);
      return { shows };
    },
  });
}

describe("providers", () => {
  let at: TestConsole;
  let owner: string;
  let upstream: ReturnType<typeof Bun.serve>;
  beforeAll(async () => {
    upstream = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ data: [] }),
    });
    const providers = {
      // One that is there for want of another goes when another comes.
      demo: { kind: "demo" },
      near: { kind: "openai-compatible", base_url: `http://127.0.0.1:${upstream.port}/v1` },
    };
    at = await startConsole({ env: { ANYRAY_PROVIDERS: JSON.stringify(providers) } });
    owner = await at.signIn();
  });
  afterAll(async () => {
    await at.stop();
    await upstream.stop(true);
  });

  const read = (id: string) => adminAsk(at, "GET", `/providers/${id}`);

  test("are set with what the form says; what is secret is shown nowhere", async () => {
    const fields = {
      id: "groq",
      kind: "openai-compatible",
      base_url: "https://api.groq.example/openai/v1",
      api_key: SECRET,
      auth: "api-key",
      headers: `X-Project: ${VALUE}\nx-empty:`,
      query: "api-version: 2026",
      models: "fast, slow",
      endpoints: "chat",
      stream_usage: "true",
      price_id: "groq",
    };
    const done = await at.post("/providers/new", fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/providers/groq"]);
    expect(saidIn(done.headers)).toContain("The provider groq is set.");
    expect(await read("groq")).toMatchObject({
      auth: "api-key",
      headers: ["x-project"],
      query: ["api-version"],
      models: ["fast", "slow"],
      endpoints: ["chat"],
      price_id: "groq",
    });
    const { key_fingerprint } = await read("groq");
    for (const path of ["/providers", "/providers/groq", "/providers/groq/change"]) {
      const { html } = await at.get(path, owner);
      expect([path, html.includes(SECRET), html.includes(VALUE)]).toEqual([path, false, false]);
      expect(html).toContain(key_fingerprint);
    }
    expect(await auditOf(at, "provider.create")).toHaveLength(1);
  });

  test("that are refused leave what was typed, but for what is secret", async () => {
    const fields = { id: "Bad Name", kind: "openai-compatible", api_key: SECRET, models: "one" };
    const { html, status } = await at.post("/providers/new", fields, owner);
    expect([status, html.includes('value="Bad Name"'), html.includes(SECRET)]).toEqual([
      400,
      true,
      false,
    ]);
    expect(textOf(html)).toContain("What is secret must be typed again.");
    // By the form's own words.
    expect(textOf(html)).toContain("not valid (“Name”)");
    const addressless = { ...fields, id: "fine" };
    const refused = await at.post("/providers/new", addressless, owner);
    expect(textOf(refused.html)).toContain("not valid (“Address”)");
    const there = await at.post("/providers/new", { ...fields, id: "groq" }, owner);
    expect(textOf(there.html)).toContain("There is a provider of this name.");
  });

  test("change where the form was changed: an empty key stays, another host wants it again", async () => {
    const before = await addAcme(at);
    const page = "/providers/acme/change";
    const fields = {
      version: String(before.version),
      kind: before.kind,
      base_url: before.base_url,
      auth: before.auth,
      models: "acme-large\nacme-small",
      endpoints: before.endpoints.join(", "),
      stream_usage: "true",
    };
    const done = await at.post(page, fields, owner);
    expect([done.status, saidIn(done.headers).includes("is changed.")]).toEqual([303, true]);
    const after = await read("acme");
    expect(after).toMatchObject({
      models: ["acme-large", "acme-small"],
      key_fingerprint: before.key_fingerprint,
      headers: ["x-project"],
    });
    const late = await at.post(page, { ...fields, models: "one" }, owner);
    expect([late.status, textOf(late.html).includes("Someone else changed it")]).toEqual([
      409,
      true,
    ]);
    const moved = { ...fields, version: String(after.version), base_url: "https://b.example/v1" };
    const refused = await at.post(page, moved, owner);
    expect([
      refused.status,
      textOf(refused.html).includes("It was given for another place"),
    ]).toEqual([400, true]);
    const keyless = { ...fields, version: String(after.version), no_key: "true" };
    expect((await at.post(page, keyless, owner)).status).toBe(303);
    expect(await read("acme")).toMatchObject({ key_fingerprint: null, auth: "none" });
  });

  test("are tested on their page, which says what came of it", async () => {
    const good = await at.post("/providers/near", {}, owner);
    expect([good.status, textOf(good.html).includes("It answers, and takes the key.")]).toEqual([
      200,
      true,
    ]);
    const bad = await at.post("/providers/acme", {}, owner);
    expect(textOf(bad.html)).toContain("be reached. After");
    expect(await auditOf(at, "provider.test")).toHaveLength(2);
  });

  test("of the deployment are looked at, and not changed", async () => {
    const { html } = await at.get("/providers/demo", owner);
    expect(textOf(html)).toContain("Configured by the deployment, and changed there.");
    expect(html).not.toContain("/providers/demo/change");
    expect(html).not.toContain("Test</button>");
    for (const path of ["/providers/demo/change", "/providers/demo/remove"]) {
      expect((await at.get(path, owner)).status).toBe(404);
      expect((await at.post(path, { typed: "demo" }, owner)).status).toBe(404);
    }
  });

  test("are removed once the name is typed; by those who may", async () => {
    const page = "/providers/acme/remove";
    const { version } = await read("acme");
    const fields = { version: String(version), typed: "acme" };
    expect((await at.post(page, fields, await at.signIn("auditor"))).status).toBe(403);
    const wrong = await at.post(page, { ...fields, typed: "acm" }, owner);
    expect([wrong.status, textOf(wrong.html).includes("Nothing was removed.")]).toEqual([
      400,
      true,
    ]);
    await adminAsk(at, "PUT", "/routes", { aliases: { fast: "acme/acme-large" } });
    const named = await at.post(page, fields, owner);
    expect([named.status, textOf(named.html).includes("An alias leads to")]).toEqual([400, true]);
    await adminAsk(at, "PUT", "/routes", { aliases: {} });
    const done = await at.post(page, fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/providers"]);
    expect((await at.get("/providers/acme", owner)).status).toBe(404);
    expect(await auditOf(at, "provider.remove")).toHaveLength(1);
  });
});
