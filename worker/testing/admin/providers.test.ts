/** Providers that administrators set: used at once, kept, changed only as they were read; their secrets nowhere to be found. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStoreForTool } from "../../../db/open.ts";
import { needlesOf } from "../canary/forms.ts";
import { providersAt, readAll, startGateway, type TestGateway } from "../gateway.ts";
import { until } from "../until.ts";
import { startUpstream, type Upstream } from "../upstream.ts";
import { adminOf } from "./rig.ts";

const SECRET = "sk-canary-3f9a71c2e8";
const HEADER_SECRET = "canary-header-77aa01";
const QUERY_SECRET = "canary-query-12bc90";
const CONTENT_KEY = "11".repeat(32);
const NEXT_KEY = "22".repeat(32);

let upstream: Upstream;
let other: Upstream;
let held: (() => void)[] = [];
beforeAll(async () => {
  const answer = {
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
  const serve = () =>
    startUpstream((request, reply) => {
      if (!request.path.includes("hold")) return reply.json(200, answer);
      held.push(() => reply.json(200, answer));
    });
  upstream = await serve();
  other = await serve();
});
afterAll(async () => {
  await upstream.stop();
  await other.stop();
});

/** The deployment has written both places down. */
const deployed = (): string =>
  JSON.stringify({
    ...JSON.parse(providersAt(upstream.url)),
    elsewhere: { kind: "openai-compatible", base_url: other.url, auth: "none", models: ["e"] },
    aliases: { deployed: "mock/m" },
  });
const acme = (more: object = {}) => ({
  id: "acme",
  kind: "openai-compatible",
  base_url: `${upstream.url}/v1`,
  api_key: SECRET,
  headers: { "X-Team": HEADER_SECRET },
  query: { "api-version": QUERY_SECRET },
  models: ["a1", "a2"],
  ...more,
});

let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeEach(() => {
  held = [];
});

async function ask(model: string, on = gateway) {
  const response = await on.post("/v1/chat/completions", {
    model,
    messages: [{ role: "user", content: "Hi" }],
  });
  await readAll(response);
  return response.status;
}
const lastHeaders = (from: Upstream) => Object.fromEntries(from.requests.at(-1)?.headers ?? []);

/** Every file of the directory that holds the text, in any of the forms that it may take. */
function filesWith(dir: string, text: string): string[] {
  const wanted = needlesOf(text);
  return walk(dir).filter((path) => {
    const bytes = readFileSync(path);
    return wanted.some((needle) => bytes.includes(needle.bytes));
  });
}
function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

describe("a provider that is set over the admin API", () => {
  beforeAll(async () => {
    gateway = await startGateway({ ANYRAY_PROVIDERS: deployed() });
    admin = adminOf(gateway);
  });
  afterAll(() => gateway.stop());

  test("is used by the next request, with its credentials; a change and a removal count as soon", async () => {
    expect(await ask("acme/a1")).toBe(404);
    const made = await admin("POST", "/admin/providers", acme());
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: "acme",
      source: "database",
      state: "ok",
      auth: "bearer",
      key_fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      headers: ["x-team"],
      query: ["api-version"],
      models: ["a1", "a2"],
      version: 1,
      changed_by: "admin",
    });
    expect([await ask("acme/a1"), await ask("a2")]).toEqual([200, 200]);
    expect(upstream.requests.at(-1)?.path).toBe(`/v1/chat/completions?api-version=${QUERY_SECRET}`);
    expect(lastHeaders(upstream)).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      "x-team": HEADER_SECRET,
    });
    const models = await gateway.fetch("/v1/models", {
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    const ids = ((await models.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    expect(ids).toContain("acme/a1");

    const changed = await admin("PATCH", "/admin/providers/acme", {
      api_key: "sk-second",
      auth: "x-api-key",
      headers: { "x-team": null, "x-more": "1" },
    });
    expect(changed.body).toMatchObject({ version: 2, auth: "x-api-key", headers: ["x-more"] });
    expect(changed.body.key_fingerprint).not.toBe(made.body.key_fingerprint);
    expect(await ask("acme/a1")).toBe(200);
    expect(lastHeaders(upstream)).toMatchObject({ "x-api-key": "sk-second", "x-more": "1" });
    expect(lastHeaders(upstream)).not.toHaveProperty("authorization");
    expect((await admin("POST", "/admin/providers/acme/test")).body.code).toBe("ok");

    expect((await admin("DELETE", "/admin/providers/acme")).body).toEqual({ removed: true });
    expect([await ask("acme/a1"), await ask("a1")]).toEqual([404, 404]);
    expect((await admin("GET", "/admin/providers/acme")).status).toBe(404);
    expect((await admin("DELETE", "/admin/providers/acme")).status).toBe(404);
    // Made again, it goes on counting: an old version never fits.
    expect((await admin("POST", "/admin/providers", acme())).body.version).toBe(4);
    const { entries } = (await admin("GET", "/admin/audit?target=acme")).body;
    const actions = entries.map(({ action }: { action: string }) => action);
    expect(actions.toReversed()).toEqual([
      "provider.create",
      "provider.change",
      "provider.test",
      "provider.remove",
      "provider.create",
    ]);
    expect(entries.at(-1)).toMatchObject({
      before: null,
      after: { key_fingerprint: made.body.key_fingerprint, models: 2, headers: 1, version: 1 },
    });
    await admin("DELETE", "/admin/providers/acme");
  });

  test("leaves alone what is under way", async () => {
    await admin("POST", "/admin/providers", acme({ base_url: `${upstream.url}/hold` }));
    const first = gateway.post("/v1/chat/completions", { model: "acme/a1", messages: [] });
    const second = gateway.post("/v1/chat/completions", { model: "acme/a1", messages: [] });
    await until(async () => (held.length === 2 ? true : null));
    await admin("PATCH", "/admin/providers/acme", { base_url: `${upstream.url}/v1` });
    held[0]?.();
    expect((await first).status).toBe(200);
    expect(await ask("acme/a1")).toBe(200);
    await admin("DELETE", "/admin/providers/acme");
    held[1]?.();
    expect((await second).status).toBe(200);
    const lanes = (await admin("GET", "/admin/boundary")).body.destinations;
    expect(lanes.filter(({ name }: { name: string }) => name === "acme")).toEqual([
      expect.objectContaining({ allowed: false, open_connections: 0 }),
    ]);
  });

  test("is changed only as it was read", async () => {
    await admin("POST", "/admin/providers", acme());
    const { version } = (await admin("GET", "/admin/providers/acme")).body;
    const patch = (models: string[], at: number) =>
      admin("PATCH", "/admin/providers/acme", { models }, undefined, { "if-match": `"${at}"` });
    expect((await patch(["a1"], version)).status).toBe(200);
    const late = await patch(["a2"], version);
    expect([late.status, late.body.error.code]).toEqual([409, "conflict"]);
    const remove = await admin("DELETE", "/admin/providers/acme", undefined, undefined, {
      "if-match": String(version),
    });
    expect(remove.status).toBe(409);
    expect((await admin("GET", "/admin/providers/acme")).body.models).toEqual(["a1"]);
    expect((await admin("POST", "/admin/providers", acme())).status).toBe(409);
    await admin("DELETE", "/admin/providers/acme");
  });

  test("is changed by one of many who change it at once, and serves all the while", async () => {
    const made = await admin("POST", "/admin/providers", acme({ api_key: "sk-0" }));
    let { version } = made.body;
    let isDone = false;
    const statuses: number[] = [];
    const callers = Array.from({ length: 8 }, async () => {
      while (!isDone) statuses.push(await ask("acme/a1"));
    });
    const before = upstream.requests.length;
    for (let n = 1; n <= 20; n++) {
      const changes = await Promise.all(
        Array.from({ length: 4 }, (_, who) =>
          admin("PATCH", "/admin/providers/acme", { api_key: `sk-${n}-${who}` }, undefined, {
            "if-match": String(version),
          }),
        ),
      );
      expect(changes.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      version += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    isDone = true;
    await Promise.all(callers);
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const keys = upstream.requests
      .slice(before)
      .map(({ headers }) => headers.get("authorization") ?? "");
    expect(keys.filter((key) => !/^Bearer sk-\d+(?:-\d)?$/.test(key))).toEqual([]);
    await admin("DELETE", "/admin/providers/acme");
  }, 20_000);

  test("never takes a secret to another place than it was given for", async () => {
    await admin("POST", "/admin/providers", acme());
    const move = (more: object = {}) =>
      admin("PATCH", "/admin/providers/acme", { base_url: other.url, ...more });
    for (const [more, field] of [
      [{}, "api_key"],
      [{ api_key: "sk-new" }, "headers"],
      [{ api_key: "sk-new", headers: null }, "query"],
    ] as const) {
      const refused = await move(more);
      expect([refused.status, refused.body.error.message.includes(field)]).toEqual([400, true]);
    }
    expect((await move({ api_key: "sk-new", headers: { "x-new": "n" }, query: null })).status).toBe(
      200,
    );
    expect(await ask("acme/a1")).toBe(200);
    expect(lastHeaders(other)).toMatchObject({ authorization: "Bearer sk-new", "x-new": "n" });
    expect(JSON.stringify(lastHeaders(other))).not.toContain(HEADER_SECRET);
    await admin("DELETE", "/admin/providers/acme");
  });

  test("is refused by the member that is wrong", async () => {
    process.env["ACME_TEST_KEY"] = "expanded-from-the-environment";
    for (const [more, status, message] of [
      [{ id: "mock" }, 409, "id"],
      [{ id: "No Name" }, 400, "id"],
      [{ id: "aliases" }, 400, "id"],
      [{ id: undefined }, 400, "id"],
      [{ kind: "azure" }, 400, "kind"],
      [{ kind: undefined }, 400, "kind"],
      [{ base_url: "http://127.0.0.1:1/v1" }, 400, "base_url"],
      [{ base_url: "https://10.0.0.7/v1" }, 400, "base_url"],
      [{ base_url: "https://[fd00::1]/v1" }, 400, "base_url"],
      [{ base_url: "http://localhost:11434/v1" }, 400, "base_url"],
      [{ base_url: "https://vllm.internal/v1" }, 400, "base_url"],
      [{ base_url: "http://169.254.169.254/" }, 400, "base_url"],
      [{ base_url: "http://api.example.com/v1" }, 400, "base_url"],
      [{ base_url: "https://user:pass@api.example.com" }, 400, "base_url"],
      [{ base_url: undefined }, 400, "base_url"],
      [{ api_key: "white space" }, 400, "api_key"],
      [{ api_key: 7 }, 400, "api_key"],
      [{ auth: "none" }, 400, "auth"],
      [{ headers: { "x-a": "line\nbreak" } }, 400, "headers"],
      [{ headers: { authorization: "Bearer x" } }, 400, "headers"],
      [{ headers: { host: "elsewhere" } }, 400, "headers"],
      [{ headers: { "x-a": "1", "X-A": "2" } }, 400, "twice"],
      [{ models: ["please tell me what this long sentence is for"] }, 400, "models"],
      [{ models: [] }, 400, "models"],
      [{ models: Array.from({ length: 900 }, (_, n) => `model-number-${n}-x`) }, 400, "16 KiB"],
      [{ capabilities: { endpoints: ["messages"] } }, 400, "endpoints"],
      [{ price_id: "nobody" }, 400, "price_id"],
      [{ secret: "x" }, 400, "unknown"],
    ] as const) {
      const answer = await admin("POST", "/admin/providers", acme(more));
      expect([more, answer.status]).toEqual([more, status]);
      expect([more, answer.body.error.message]).toEqual([more, expect.stringContaining(message)]);
      expect(answer.body.error.message).not.toContain(SECRET);
    }
    for (const body of ["[]", "{", "7", '"x"', "null"]) {
      expect([body, (await admin("POST", "/admin/providers", body)).status]).toEqual([body, 400]);
    }
    expect((await admin("PATCH", "/admin/providers/mock", { models: ["x"] })).status).toBe(409);
    expect((await admin("DELETE", "/admin/providers/mock")).status).toBe(409);
    expect((await admin("PATCH", "/admin/providers/nobody", {})).status).toBe(404);
    // A variable's name is no variable here.
    const literal = await admin("POST", "/admin/providers", acme({ api_key: "${ACME_TEST_KEY}" }));
    expect(literal.status).toBe(201);
    await ask("acme/a1");
    expect(lastHeaders(upstream)["authorization"]).toBe("Bearer ${ACME_TEST_KEY}");
    delete process.env["ACME_TEST_KEY"];
    await admin("DELETE", "/admin/providers/acme");
  });

  test("has the routes that administrators give it", async () => {
    await admin("POST", "/admin/providers", acme({ models: ["m", "a1"] }));
    expect([await ask("m"), lastHeaders(upstream)["authorization"]]).toEqual([
      200,
      "Bearer sk-upstream-secret",
    ]);
    const set = await admin("PUT", "/admin/routes", {
      order: ["acme"],
      aliases: { fast: "acme/a1" },
    });
    expect(set.body).toMatchObject({
      aliases: { fast: "acme/a1" },
      deployment_aliases: { deployed: "mock/m" },
      order: ["acme"],
      effective_order: ["acme", "mock", "claude", "elsewhere"],
      broken_aliases: [],
      version: 1,
    });
    expect([await ask("m"), lastHeaders(upstream)["authorization"]]).toEqual([
      200,
      `Bearer ${SECRET}`,
    ]);
    expect([await ask("fast"), await ask("deployed")]).toEqual([200, 200]);
    // What a GET gives may be sent back.
    const sent = (await admin("GET", "/admin/routes")).body;
    expect((await admin("PUT", "/admin/routes", sent)).body.version).toBe(2);
    const late = await admin("PUT", "/admin/routes", { order: [] }, undefined, { "if-match": "1" });
    expect(late.status).toBe(409);
    for (const [body, status] of [
      [{ aliases: { deployed: "acme/a1" } }, 409],
      [{ aliases: { fast: "nobody/x" } }, 400],
      [{ aliases: { fast: "acme/unlisted" } }, 400],
      [{ aliases: { fast: "bare" } }, 400],
      [{ aliases: { "what is this, please tell me": "acme/a1" } }, 400],
      [{ aliases: ["x"] }, 400],
      [{ order: ["nobody"] }, 400],
      [{ order: ["acme", "acme"] }, 400],
      [{ order: "acme" }, 400],
      [{}, 400],
      [{ nonsense: 1 }, 400],
    ] as const) {
      expect([body, (await admin("PUT", "/admin/routes", body)).status]).toEqual([body, status]);
    }
    const kept = await admin("DELETE", "/admin/providers/acme");
    expect([kept.status, kept.body.error.message.includes("alias")]).toEqual([409, true]);
    await admin("PATCH", "/admin/providers/acme", { models: ["m"] });
    expect((await admin("GET", "/admin/routes")).body.broken_aliases).toEqual(["fast"]);
    expect(await ask("fast")).toBe(404);
    await admin("PUT", "/admin/routes", { aliases: {}, order: [] });
    expect((await admin("DELETE", "/admin/providers/acme")).status).toBe(200);
    const { entries } = (await admin("GET", "/admin/audit?action=routes.change")).body;
    expect(entries).toHaveLength(3);
  });
});

describe("what is stored of a provider", () => {
  test("survives a restart, and no file, log line or answer holds its secrets", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "anyray-providers-"));
    const env = { ANYRAY_PROVIDERS: deployed(), ANYRAY_CONTENT_KEY: CONTENT_KEY };
    try {
      const first = await startGateway(env, dataDir);
      const asked = adminOf(first);
      const answers = [
        await asked("POST", "/admin/providers", acme()),
        await asked("PATCH", "/admin/providers/acme", { models: ["a1"] }),
        await asked("POST", "/admin/providers", acme()),
        await asked("POST", "/admin/providers", acme({ id: "b", kind: "nonsense" })),
        await asked("PATCH", "/admin/providers/acme", { base_url: other.url }),
        await asked("GET", "/admin/providers"),
        await asked("GET", "/admin/audit?limit=1000"),
        await asked("GET", "/admin/health"),
        await asked("GET", "/admin/boundary"),
      ];
      await first.gateway.drain();
      await first.gateway.close();
      const second = await startGateway(env, dataDir);
      expect(await ask("acme/a1", second)).toBe(200);
      expect(lastHeaders(upstream)).toMatchObject({
        authorization: `Bearer ${SECRET}`,
        "x-team": HEADER_SECRET,
      });
      await second.gateway.drain();
      await second.gateway.close();
      const said = JSON.stringify([answers.map(({ body }) => body), first.log, second.log]);
      // The control: what is not secret is found by the same search.
      expect(filesWith(dataDir, "acme")).not.toEqual([]);
      for (const secret of [SECRET, HEADER_SECRET, QUERY_SECRET]) {
        expect([secret, filesWith(dataDir, secret)]).toEqual([secret, []]);
        expect(said).not.toContain(secret);
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 20_000);

  test("can't be used without the master key it was sealed under, is said to be so, and refuses", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "anyray-providers-"));
    const open = { kind: "openai-compatible", base_url: other.url, auth: "none" };
    const env = (key: string, retired = "") => ({
      ANYRAY_PROVIDERS: JSON.stringify({ ...JSON.parse(providersAt(upstream.url)), open }),
      ANYRAY_CONTENT_KEY: key,
      ...(retired === "" ? {} : { ANYRAY_CONTENT_KEYS_RETIRED: retired }),
    });
    const close = async (each: TestGateway) => {
      await each.gateway.drain();
      await each.gateway.close();
    };
    try {
      const first = await startGateway(env(CONTENT_KEY), dataDir);
      await adminOf(first)("POST", "/admin/providers", acme());
      await close(first);

      const wrong = await startGateway(env(NEXT_KEY), dataDir);
      const asked = adminOf(wrong);
      expect((await asked("GET", "/admin/providers/acme")).body).toMatchObject({
        state: "credential_unknown_key",
        base_url: `${upstream.url}/v1`,
        models: ["a1", "a2"],
        headers: ["x-team"],
      });
      const health = (await asked("GET", "/admin/health")).body;
      expect([health.status, health.checks.providers]).toEqual([
        "degraded",
        { state: "degraded", code: "credential_unknown_key" },
      ]);
      expect(wrong.log.join("")).toContain("a provider can't be used");
      const before = [upstream.requests.length, other.requests.length];
      // Not sent to the one provider that takes any name.
      expect([await ask("acme/a1", wrong), await ask("a1", wrong)]).toEqual([502, 502]);
      expect((await asked("POST", "/admin/providers/acme/test")).body.code).toBe("unreachable");
      expect([upstream.requests.length, other.requests.length]).toEqual(before);
      const partly = await asked("PATCH", "/admin/providers/acme", { models: ["a1"] });
      expect([partly.status, partly.body.error.message.includes("api_key")]).toEqual([400, true]);
      await close(wrong);

      const both = await startGateway(env(NEXT_KEY, CONTENT_KEY), dataDir);
      expect(await ask("acme/a1", both)).toBe(200);
      expect(lastHeaders(upstream)["authorization"]).toBe(`Bearer ${SECRET}`);
      await close(both);

      const again = await startGateway(env(NEXT_KEY), dataDir);
      const anew = { api_key: "sk-anew", headers: null, query: null };
      expect((await adminOf(again)("PATCH", "/admin/providers/acme", anew)).body.state).toBe("ok");
      expect(await ask("acme/a1", again)).toBe(200);
      expect((await adminOf(again)("GET", "/admin/health")).body.checks.providers.state).toBe("ok");
      await close(again);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 20_000);

  test("is no longer used where the deployment lists its address no more, or takes its name", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "anyray-providers-"));
    try {
      const first = await startGateway({ ANYRAY_PROVIDERS: deployed() }, dataDir);
      await adminOf(first)("POST", "/admin/providers", acme());
      await first.gateway.close();
      const demo = JSON.stringify({ demo: { kind: "demo" } });
      const second = await startGateway({ ANYRAY_PROVIDERS: demo }, dataDir);
      const { body } = await adminOf(second)("GET", "/admin/providers/acme");
      expect([body.state, await ask("acme/a1", second)]).toEqual(["invalid", 502]);
      await second.gateway.close();
      const taken = JSON.stringify({ acme: { kind: "demo" } });
      const third = await startGateway({ ANYRAY_PROVIDERS: taken }, dataDir);
      const all = (await adminOf(third)("GET", "/admin/providers")).body.providers;
      expect(all.map(({ source, state }: Record<string, string>) => [source, state])).toEqual([
        ["deployment", "ok"],
        ["database", "name_taken"],
      ]);
      expect(await ask("acme/demo", third)).toBe(200);
      expect((await adminOf(third)("DELETE", "/admin/providers/acme")).status).toBe(200);
      await third.gateway.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 20_000);

  test("that another process changed is seen; what can't be read harms no other", async () => {
    const here = await startGateway();
    const store = await openStoreForTool({ dataDir: here.dataDir, ledgerSync: "normal" });
    const put = async (name: string, value: string) => {
      await store.audit.append(
        ({ seq, hash }) => ({
          seq: seq + 1,
          timeMs: Date.now(),
          actor: "other",
          action: "provider.change",
          target: name,
          before: null,
          after: null,
          prevHash: hash,
          hash: (seq + 1).toString(16).padStart(64, "0"),
        }),
        [{ kind: "setting", name, value, expectedVersion: null }],
      );
    };
    try {
      expect(await ask("demo/demo", here)).toBe(200);
      for (const [n, value] of ['"x"', "{}", '{"members":null}', "[]", "7"].entries()) {
        await put(`provider.odd${n}`, value);
      }
      await put("routes", '{"aliases":[["x",7]],"order":3}');
      const shown = () => adminOf(here)("GET", "/admin/providers");
      await until(async () => ((await shown()).body.providers.length >= 5 ? true : null));
      const { providers } = (await shown()).body;
      // The demo stood in for none.
      expect(providers.map(({ state }: { state: string }) => state)).toEqual(
        Array.from({ length: 5 }, () => "unreadable"),
      );
      expect(await ask("odd0/x", here)).toBe(502);
      for (let n = 0; n < 5; n++) await adminOf(here)("DELETE", `/admin/providers/odd${n}`);
      expect((await shown()).body.providers).toMatchObject([{ id: "demo", state: "ok" }]);
      expect(await ask("demo/demo", here)).toBe(200);
    } finally {
      await store.close();
      await here.stop();
    }
  }, 20_000);
});
