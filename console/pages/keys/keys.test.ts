/** Client keys: the list, one of them, and all that is done with them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { PUBLIC_GATEWAY } from "../../testing/hostile.ts";

const addKey = (at: TestConsole, terms: object) => adminAsk(at, "POST", "/keys", terms);
const fillOne = (suffix: string, shows: string) => async (at: TestConsole) => {
  const { key } = await addKey(at, { name: "laptop", user: "ann@example.com" });
  return { shows, path: `/keys/${key.id}${suffix}` };
};

testPage({
  path: "/keys",
  area: "keys",
  title: "Keys",
  async fill(at) {
    await addKey(at, { name: "laptop", user: "ann@example.com", team: "core" });
    return { shows: "ann@example.com · core" };
  },
});
testPage({ path: "/keys/new", area: "keys", title: "New key" });
for (const [suffix, title, shows] of [
  ["", "laptop", "ark_…"],
  ["/change", "Change laptop", "In force at once"],
  ["/rotate", "Give laptop a new secret?", "How long the present secret still works"],
  ["/revoke", "Revoke laptop?", "That is for good"],
] as const) {
  testPage({ path: `/keys/key_none${suffix}`, area: "keys", title, fill: fillOne(suffix, shows) });
}

describe("keys", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  const secretIn = (html: string) => /ark_[\w-]{40,}/.exec(html)?.[0] ?? "";
  const call = async (secret: string) =>
    (await at.gateway.fetch("/v1/models", { headers: { authorization: `Bearer ${secret}` } }))
      .status;
  const idOf = async (name: string) =>
    (await adminAsk(at, "GET", `/keys?name=${encodeURIComponent(name)}`)).keys[0].id;

  test("are made with what the form says; the secret is shown once, with a set-up of each tool", async () => {
    const fields = {
      name: "ci",
      user: "bo",
      team: "core",
      models: "demo/*\n openai/gpt-5",
      endpoints: "chat, responses",
      expires_at: "2099-01-01",
    };
    const made = await at.post("/keys/new", fields, owner);
    expect([made.status, made.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const secret = secretIn(made.html);
    expect(await call(secret)).toBe(200);
    const text = textOf(made.html);
    for (const line of [
      `export ANTHROPIC_BASE_URL=${PUBLIC_GATEWAY} export ANTHROPIC_AUTH_TOKEN=${secret}`,
      `export OPENAI_BASE_URL=${PUBLIC_GATEWAY}/v1 export OPENAI_API_KEY=${secret}`,
      `export ANTHROPIC_BASE_URL=${PUBLIC_GATEWAY} export ANTHROPIC_API_KEY=${secret}`,
      `base_url = &quot;${PUBLIC_GATEWAY}/v1&quot;`,
      `export ANYRAY_CLIENT_KEY=${secret}`,
      "Override OpenAI Base URL",
    ]) {
      expect(text).toContain(line);
    }
    const id = await idOf("ci");
    expect(await adminAsk(at, "GET", `/keys/${id}`)).toMatchObject({
      user: "bo",
      team: "core",
      models: ["demo/*", "openai/gpt-5"],
      endpoints: ["chat", "responses"],
      expires_at: "2099-01-01T00:00:00.000Z",
    });
    for (const path of ["/keys", `/keys/${id}`, `/keys/${id}/change`]) {
      expect((await at.get(path, owner)).html).not.toContain(secret);
    }
    expect(at.asked.join()).not.toContain(secret);
    expect(at.gateway.log.join()).not.toContain(secret);
    expect(JSON.stringify(made.headers.toJSON())).not.toContain(secret);
    expect(await auditOf(at, "key.create")).toHaveLength(1);
  });

  test("that take the caller's own credential have a set-up of their own", async () => {
    const { html } = await at.post("/keys/new", { name: "beside", passthrough: "demo" }, owner);
    expect(textOf(html)).toContain(`x-anyray-api-key: ${secretIn(html)}`);
    expect(textOf(html)).not.toContain("ANTHROPIC_AUTH_TOKEN");
  });

  test("that are refused leave what was typed, and nothing else", async () => {
    const fields = { name: "no good", user: "What is this, please tell me now?" };
    const { html, status } = await at.post("/keys/new", fields, owner);
    expect(status).toBe(400);
    expect(html).toContain(`value="${fields.user}"`);
    expect(textOf(html)).toContain("It is a name");
    const late = await at.post("/keys/new", { expires_at: "2020-01-01" }, owner);
    expect(textOf(late.html)).toContain("not valid (“Expires”)");
    expect((await adminAsk(at, "GET", "/keys?name=no%20good")).keys).toEqual([]);
  });

  test("change where the form was changed, and nowhere else", async () => {
    const { key } = await addKey(at, { name: "old", team: "core", models: ["demo/*"] });
    const page = `/keys/${key.id}/change`;
    const fields = { name: "new", team: "", models: "demo/*", user: "ann" };
    const done = await at.post(page, fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, `/keys/${key.id}`]);
    expect(saidIn(done.headers)).toContain("The key new is changed.");
    expect(await adminAsk(at, "GET", `/keys/${key.id}`)).toMatchObject({
      name: "new",
      team: null,
      user: "ann",
      models: ["demo/*"],
    });
    const same = await at.post(page, { name: "new", models: "demo/*", user: "ann" }, owner);
    expect([same.status, textOf(same.html).includes("Nothing is to be changed.")]).toEqual([
      400,
      true,
    ]);
    expect(await auditOf(at, "key.change")).toHaveLength(1);
  });

  test("rotate: the new secret is shown, the former works for as long as was chosen", async () => {
    const { key, secret } = await addKey(at, { name: "rotating" });
    const day = await at.post(`/keys/${key.id}/rotate`, { overlap: "86400" }, owner);
    expect(day.status).toBe(200);
    const second = secretIn(day.html);
    expect([await call(secret), await call(second)]).toEqual([200, 200]);
    expect(textOf((await at.get(`/keys/${key.id}`, owner)).html)).toContain(
      "Its former secret still counts for a while.",
    );
    const { html } = await at.post(`/keys/${key.id}/rotate`, { overlap: "0" }, owner);
    expect([await call(second), await call(secretIn(html))]).toEqual([401, 200]);
    expect(await auditOf(at, "key.rotate")).toHaveLength(2);
  });

  test("show what they cost, in a part that comes later, or at once to who has no scripts", async () => {
    const { key, secret } = await addKey(at, { name: "spender", user: "ann" });
    const answer = await at.gateway.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hi" }] }),
    });
    await answer.text();
    expect((await at.get(`/keys/${key.id}`, owner)).html).toContain(
      `hx-get="/keys/${key.id}/spend"`,
    );
    for (const path of [`/keys/${key.id}/spend`, `/keys/${key.id}?all=1`]) {
      expect(textOf((await at.get(path, owner)).html)).toMatch(/Spend, 30 days \$\S+ Requests 1 /);
    }
  });

  test("are revoked after a question, for good", async () => {
    const { key, secret } = await addKey(at, { name: "ending" });
    const done = await at.post(`/keys/${key.id}/revoke`, {}, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/keys"]);
    expect(saidIn(done.headers)).toContain("The key ending is revoked.");
    expect(await call(secret)).toBe(401);
    const { html } = await at.get(`/keys/${key.id}`, owner);
    expect(html).not.toContain(`/keys/${key.id}/revoke`);
    const again = await at.post(`/keys/${key.id}/revoke`, {}, owner);
    expect([again.status, textOf(again.html).includes("The key is revoked.")]).toEqual([400, true]);
    expect(await auditOf(at, "key.revoke")).toHaveLength(1);
  });

  test("are refused to whom they are not for, whatever is sent", async () => {
    const id = await idOf("ci");
    for (const role of ["auditor", "viewer"] as const) {
      const token = await at.signIn(role);
      for (const path of ["/keys/new", `/keys/${id}/change`, `/keys/${id}/revoke`]) {
        expect((await at.post(path, { name: "mine" }, token)).status).toBe(403);
      }
    }
    expect((await adminAsk(at, "GET", "/keys?name=mine")).keys).toEqual([]);
  });

  test("that are not there are not there", async () => {
    for (const path of ["/keys/key_none", "/keys/..%2Fcaps", "/keys/key_none/revoke"]) {
      expect((await at.get(path, owner)).status).toBe(404);
    }
  });

  test("come a page at a time, the newest first, and are found by any of their words", async () => {
    for (let n = 0; n < 60; n++) await addKey(at, { name: `crowd ${n}`, team: "crowd" });
    const { html } = await at.get("/keys?search=CROWD", owner);
    expect(textOf(html)).toContain("crowd 59");
    expect(textOf(html)).not.toContain("crowd 3 ");
    const next = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const second = textOf((await at.get(next, owner)).html);
    expect([second.includes("crowd 3 "), second.includes("crowd 59")]).toEqual([true, false]);
    expect(textOf((await at.get("/keys?search=nowhere", owner)).html)).toContain(
      "No key is like that",
    );
    expect(textOf((await at.get("/keys?state=revoked", owner)).html)).toContain("ending");
    expect((await at.get("/keys?state=lost", owner)).status).toBe(400);
  });
});
