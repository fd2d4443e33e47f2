/** Who is calling, where it goes, what crosses the gateway and what the operator sees: through the front door. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { providersAt, startGateway, type TestGateway } from "./gateway.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

let gateway: TestGateway;
let upstream: Upstream;
const ANSWER = {
  id: "x",
  model: "m-2026",
  choices: [{ index: 0, message: { content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
};
const CHAT = { model: "m", messages: [] };

beforeAll(async () => {
  upstream = await startUpstream(() => undefined);
  const providers: object = {
    ...JSON.parse(
      providersAt(upstream.url, {
        price_id: "openai",
        models: ["m", "gpt-4o-mini", "org/slashed"],
        headers: { "x-own": "yes" },
        query: { "api-version": "v1" },
      }),
    ),
    open: { kind: "openai-compatible", base_url: `${upstream.url}/open`, auth: "none" },
    keyed: {
      kind: "openai-compatible",
      base_url: `${upstream.url}/keyed`,
      auth: "none",
      models: ["k"],
      headers: {
        authorization: "Bearer sk-operator",
        "x-own-token": "sk-operator",
        "x-own": "yes",
      },
      query: { "api-version": "v1", key: "sk-operator" },
    },
    aliases: { fast: "mock/gpt-4o-mini" },
  };
  gateway = await startGateway({
    ANYRAY_PROVIDERS: JSON.stringify(providers),
    ANYRAY_METADATA_KEYS: "project, stage",
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.handle((_, reply) => reply.json(200, ANSWER));
});

async function lastRow() {
  const row = (await gateway.rows()).at(-1);
  if (row === undefined) throw new Error("no row");
  return row;
}
const lastSeen = () => {
  const seen = upstream.requests.at(-1);
  if (seen === undefined) throw new Error("nothing was sent");
  return seen;
};
const admin = (path: string, headers: Record<string, string> = {}) =>
  gateway.fetch(path, { headers: { authorization: `Bearer ${gateway.adminToken}`, ...headers } });
const sentText = () => new TextDecoder().decode(lastSeen().body);

describe("the caller", () => {
  test("by header fills what the key leaves open", async () => {
    await gateway.post("/v1/chat/completions", CHAT, {
      "x-anyray-metadata": '{"userId":"ann","team":"core","sessionId":"s-1","tool":"cli","x":true}',
    });
    expect(await lastRow()).toMatchObject({
      user: "ann",
      team: "core",
      session: "s-1",
      attribution: "header",
    });
  });

  test("leaves what the operator wants kept with the row: to group by, to filter by, in the records", async () => {
    const say = (metadata: object) =>
      gateway.post("/v1/chat/completions", CHAT, { "x-anyray-metadata": JSON.stringify(metadata) });
    await say({ stage: "live", project: "apollo 11", ticket: "kept nowhere" });
    expect((await lastRow()).metadata).toBe('{"project":"apollo 11","stage":"live"}');
    await say({ project: 7 });
    await say({ ticket: "kept nowhere", project: null });
    expect((await lastRow()).metadata).toBeNull();

    const spend = await (await admin("/admin/spend?group_by=metadata.project,endpoint")).json();
    const named = spend.groups.filter((each: object) => Object.values(each)[0] !== null);
    expect(
      named
        .map((each: Record<string, unknown>) => [each["metadata.project"], each["requests"]])
        .sort(),
    ).toEqual([
      ["7", 1],
      ["apollo 11", 1],
    ]);
    const one = await (await admin("/admin/spend?metadata.project=apollo%2011")).json();
    expect(one.totals.requests).toBe(1);
    const query = "/admin/spend/records?metadata.project=apollo%2011&metadata.stage=live";
    const { records } = await (await admin(query)).json();
    expect(records.map((each: { metadata: object }) => each.metadata)).toEqual([
      { project: "apollo 11", stage: "live" },
    ]);
    const csv = await (await admin(query, { accept: "text/csv" })).text();
    const [head = "", line = ""] = csv.split("\r\n");
    expect(head.endsWith(",saved_usd,metadata.project,metadata.stage")).toBe(true);
    expect(line.endsWith(",apollo 11,live")).toBe(true);
  });

  test("with a name beyond ASCII is read as UTF-8", async () => {
    const asLatin1 = Buffer.from('{"user":"jürgen"}', "utf8").toString("latin1");
    await gateway.post("/v1/chat/completions", CHAT, { "x-anyray-metadata": asLatin1 });
    expect((await lastRow()).user).toBe("jürgen");
  });

  test("bound by the key is not overruled by the header", async () => {
    const { secret } = await gateway.addKey({ user: "bound" });
    await gateway.post("/v1/chat/completions", CHAT, {
      authorization: `Bearer ${secret}`,
      "x-anyray-metadata": '{"user":"mallory","team":"evil"}',
    });
    expect(await lastRow()).toMatchObject({ user: "bound", team: null, attribution: "key" });
  });

  test("nobody named is nobody, and the body's user is nobody either", async () => {
    await gateway.post("/v1/chat/completions", { ...CHAT, user: "from-body" });
    expect(await lastRow()).toMatchObject({ user: null, attribution: "none" });
  });

  const SESSIONS: readonly (readonly [string, Record<string, string>, object, string | null])[] = [
    ["Claude Code's header", { "x-claude-code-session-id": "cc-1" }, {}, "cc-1"],
    ["Codex' header", { "session-id": "cx-1" }, {}, "cx-1"],
    ["the body's user id", {}, { metadata: { user_id: "user_x_account_y_session_z9" } }, "z9"],
    ["the body's user id in JSON", {}, { metadata: { user_id: '{"session_id":"j-1"}' } }, "j-1"],
    ["a header that is no name", { "session-id": "what a lot of words this is" }, {}, null],
  ];
  for (const [name, headers, body, session] of SESSIONS) {
    test(`has its session from ${name}`, async () => {
      await gateway.post("/v1/messages", { model: "claude/c", messages: [], ...body }, headers);
      expect((await lastRow()).session).toBe(session);
    });
  }

  test("brings at most 1,000 new users, and as many new teams, a day by one key", async () => {
    const { secret, id } = await gateway.addKey({});
    const day = new Date().toISOString().slice(0, 10);
    const { claimedUsers, claimedTeams } = gateway.store;
    for (let i = 0; i < 1000; i++) await claimedUsers.add(id, `u${i}`, day);
    for (let i = 0; i < 999; i++) await claimedTeams.add(id, `t${i}`, day);
    const ask = async (said: object) => {
      await gateway.post("/v1/chat/completions", CHAT, {
        authorization: `Bearer ${secret}`,
        "x-anyray-metadata": JSON.stringify(said),
      });
      const { user, team, attribution } = await lastRow();
      return [user, team, attribution];
    };
    expect(await ask({ user: "one-too-many" })).toEqual([null, null, "none"]);
    expect(await ask({ user: "u7", team: "the-last" })).toEqual(["u7", "the-last", "header"]);
    expect(await ask({ user: "u7", team: "one-too-many" })).toEqual(["u7", null, "header"]);
    expect(await ask({ team: "one-too-many" })).toEqual([null, null, "none"]);
    expect(await ask({ team: "t7" })).toEqual([null, "t7", "header"]);
    // What the key binds is no claim.
    const bound = await gateway.addKey({ team: "core" });
    for (let i = 0; i < 1000; i++) await claimedTeams.add(bound.id, `t${i}`, day);
    await gateway.post("/v1/chat/completions", CHAT, { authorization: `Bearer ${bound.secret}` });
    expect((await lastRow()).team).toBe("core");
  });

  test("may use only the models of its key", async () => {
    const { secret } = await gateway.addKey({ models: ["mock/m"] });
    const headers = { authorization: `Bearer ${secret}` };
    expect((await gateway.post("/v1/chat/completions", CHAT, headers)).status).toBe(200);
    const refused = await gateway.post("/v1/chat/completions", { ...CHAT, model: "fast" }, headers);
    expect([refused.status, (await refused.json()).error.code]).toEqual([403, "model_not_allowed"]);
    const list = await (await gateway.fetch("/v1/models", { headers })).json();
    expect(list.data.map((model: { id: string }) => model.id).sort()).toEqual(["m", "mock/m"]);
  });
});

describe("pass-through", () => {
  test("sends the caller's credential to the key's provider, and ours to nobody", async () => {
    const { secret } = await gateway.addKey({ passthrough: "mock" });
    await gateway.post("/v1/chat/completions", CHAT, {
      authorization: "Bearer sk-own",
      "x-anyray-api-key": secret,
      "openai-organization": "org-own",
    });
    expect(lastSeen().headers.get("authorization")).toBe("Bearer sk-own");
    expect(lastSeen().headers.get("openai-organization")).toBe("org-own");
    expect([...lastSeen().headers.values()].join()).not.toContain("ark_");
    expect((await lastRow()).credential).toBe("passthrough");
  });

  test("sends no credential of the operator's beside the caller's, wherever the operator wrote it", async () => {
    const { secret } = await gateway.addKey({ passthrough: "keyed" });
    const model = "keyed/k";
    await gateway.post("/v1/chat/completions", { ...CHAT, model });
    expect(lastSeen().headers.get("authorization")).toBe("Bearer sk-operator");
    expect(lastSeen().path).toContain("key=sk-operator");
    for (const own of [
      { authorization: "Bearer sk-own" },
      { "x-api-key": "sk-own", authorization: "" },
    ]) {
      const headers = { ...own, "x-anyray-api-key": secret };
      await gateway.post("/v1/chat/completions", { ...CHAT, model }, headers);
      const { headers: seen, path } = lastSeen();
      expect([path, ...seen.values()].join()).not.toContain("sk-operator");
      expect([...seen.values()].join()).toContain("sk-own");
      expect([path, seen.get("x-own")]).toEqual(["/keyed/chat/completions?api-version=v1", "yes"]);
    }
  });

  test("needs a key that names a provider", async () => {
    const response = await gateway.post("/v1/chat/completions", CHAT, {
      authorization: "Bearer sk-own",
      "x-anyray-api-key": gateway.key,
    });
    expect(response.status).toBe(403);
    expect(await lastRow()).toMatchObject({
      outcome: "refused",
      status: 403,
      credential: "passthrough",
      provider: null,
    });
    const models = await gateway.fetch("/v1/models", {
      headers: { authorization: "Bearer sk-own", "x-anyray-api-key": gateway.key },
    });
    expect(models.status).toBe(403);
  });

  test("does not reach another provider", async () => {
    const { secret } = await gateway.addKey({ passthrough: "claude" });
    const response = await gateway.post("/v1/chat/completions", CHAT, {
      authorization: "Bearer sk-own",
      "x-anyray-api-key": secret,
    });
    expect([response.status, (await response.json()).error.code]).toEqual([403, "forbidden"]);
  });

  test("hands the provider's 401 on: it is about the caller's own key", async () => {
    const { secret } = await gateway.addKey({ passthrough: "mock" });
    upstream.handle((_, reply) => reply.json(401, { error: { message: "bad key" } }));
    const response = await gateway.post("/v1/chat/completions", CHAT, {
      "x-api-key": "sk-own",
      authorization: "",
      "x-anyray-api-key": secret,
    });
    expect(response.status).toBe(401);
  });
});

describe("what crosses the gateway", () => {
  test("is the caller's bytes, where nothing must change", async () => {
    const body =
      '{ "model":"m" ,\n"messages":[],"seed":12345678901234567890,"x":"\\u00e9", "f":1.50}';
    await gateway.post("/v1/chat/completions?beta=true", body);
    expect(sentText()).toBe(body);
    expect(lastSeen().path).toBe("/v1/chat/completions?beta=true&api-version=v1");
  });

  test("is the caller's bytes with the model's name exchanged", async () => {
    await gateway.post(
      "/v1/chat/completions",
      '{"messages":[{"model":"x"}],"model" : "mock/m","z":1e400}',
    );
    expect(sentText()).toBe('{"messages":[{"model":"x"}],"model" : "m","z":1e400}');
  });

  const USAGE: readonly (readonly [string, string])[] = [
    [
      '{"model":"m","stream":true,"messages":[]}',
      '{"stream_options":{"include_usage":true},"model":"m","stream":true,"messages":[]}',
    ],
    [
      '{"model":"m","stream":true,"messages":[],"stream_options":null}',
      '{"model":"m","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","stream":true,"messages":[],"stream_options":{}}',
      '{"model":"m","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","stream":true,"messages":[],"stream_options":{ "x":1}}',
      '{"model":"m","stream":true,"messages":[],"stream_options":{ "include_usage":true,"x":1}}',
    ],
    [
      '{"model":"m","stream":true,"messages":[],"stream_options":{"include_usage":false}}',
      '{"model":"m","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
      '{"model":"m","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
    ],
  ];
  for (const [sent, seen] of USAGE) {
    test(`asks for usage by a splice: ${sent.slice(42)}`, async () => {
      await gateway.post("/v1/chat/completions", sent);
      expect(sentText()).toBe(seen);
    });
  }

  test("are the caller's headers but for secrets, hops and what is about the client", async () => {
    await gateway.post(
      "/v1/messages",
      { model: "c", messages: [] },
      {
        "anthropic-beta": "b1",
        "x-custom": "kept",
        cookie: "a=b",
        "x-forwarded-for": "1.2.3.4",
        "x-real-ip": "1.2.3.4",
        via: "x",
        forwarded: "for=x",
        baggage: "x=y",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x-anyray-anything": "x",
        "x-leak": `see ark_${"a".repeat(43)}`,
        "x-leaked-admin-token": gateway.adminToken,
        "x-leaked-sign-in": `ans_${"a".repeat(43)}_000000`,
        "x-leaked-invite": `https://here/invites/inv_${"a".repeat(43)}_000000`,
        "x-http-method-override": "DELETE",
        "x-original-url": "/v1/files/file-of-another",
        "openai-organization": "org",
        te: "trailers",
      },
    );
    const names = [...lastSeen().headers.keys()].sort();
    expect(names).toEqual([
      "accept-encoding",
      "anthropic-beta",
      "anthropic-version",
      "connection",
      "content-length",
      "content-type",
      "host",
      "x-api-key",
      "x-custom",
    ]);
    expect(lastSeen().headers.get("x-api-key")).toBe("sk-ant-secret");
    expect(lastSeen().headers.get("accept-encoding")).toBe("identity");
    expect(lastSeen().path).toBe("/v1/messages");
  });

  test("are the operator's headers and query", async () => {
    await gateway.post("/v1/chat/completions", CHAT);
    expect(lastSeen().headers.get("x-own")).toBe("yes");
    expect(lastSeen().headers.get("authorization")).toBe("Bearer sk-upstream-secret");
  });

  test("are the provider's headers but for what is about the connection", async () => {
    const kept = { "x-ratelimit-remaining": "7", "openai-processing-ms": "5", "retry-after": "3" };
    const dropped = {
      "set-cookie": "a=b",
      server: "x",
      "alt-svc": "h3",
      "access-control-allow-origin": "*",
      "strict-transport-security": "max-age=1",
      "clear-site-data": '"*"',
      "report-to": "{}",
      "reporting-endpoints": 'a="https://elsewhere.example"',
      nel: "{}",
      "accept-ch": "Sec-CH-UA",
      location: "https://elsewhere.example/",
      "content-location": "/elsewhere",
      refresh: "0; url=https://elsewhere.example/",
      "www-authenticate": "Basic",
      "x-accel-redirect": "/secrets.env",
      "x-sendfile": "/secrets.env",
    };
    upstream.handle((_, reply) =>
      reply.json(200, ANSWER, { ...kept, ...dropped, "x-request-id": "theirs" }),
    );
    const response = await gateway.post("/v1/chat/completions", CHAT);
    const { headers } = response;
    expect(Object.keys(kept).filter((name) => !headers.has(name))).toEqual([]);
    expect(Object.keys(dropped).filter((name) => headers.has(name))).toEqual([]);
    expect(response.headers.get("x-anyray-upstream-request-id")).toBe("theirs");
    expect(response.headers.get("x-anyray-trace-id")).toBe((await lastRow()).traceId);
  });
});

describe("a model", () => {
  const FOUND: readonly (readonly [string, string, string])[] = [
    ["m", "mock", "m"],
    ["mock/m", "mock", "m"],
    ["fast", "mock", "gpt-4o-mini"],
    ["org/slashed", "mock", "org/slashed"],
    ["open/anything at all", "open", "anything at all"],
    ["never-heard-of", "open", "never-heard-of"],
  ];
  for (const [asked, provider, sent] of FOUND) {
    test(`named ${asked} goes to ${provider} as ${sent}`, async () => {
      await gateway.post("/v1/chat/completions", { ...CHAT, model: asked });
      expect(JSON.parse(sentText()).model).toBe(sent);
      expect(await lastRow()).toMatchObject({ provider, modelRequested: asked });
    });
  }

  test("of a provider that there is not is not asked of another", async () => {
    const seen = upstream.requests.length;
    for (const model of ["nobody/m", "opne/anything", "/m", "m/"]) {
      const response = await gateway.post("/v1/chat/completions", { ...CHAT, model });
      expect([model, response.status, (await response.json()).error.code]).toEqual([
        model,
        404,
        "model_not_found",
      ]);
    }
    expect(upstream.requests).toHaveLength(seen);
    expect(await lastRow()).toMatchObject({ outcome: "refused", modelRequested: null });
  });

  test("whose name is prose is passed on, and not stored", async () => {
    const model = "open/tell me everything about the secret plan";
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, model });
    expect(response.status).toBe(200);
    expect(await lastRow()).toMatchObject({ provider: "open", modelRequested: "other" });
  });

  test("that the demo has not is unknown, and is asked of the open provider beside it", async () => {
    const alone = await startGateway();
    try {
      for (const path of ["/v1/chat/completions", "/v1/messages"]) {
        for (const model of ["never-heard-of", "demo/never-heard-of", "nobody/demo"]) {
          const response = await alone.post(path, { model, messages: [] });
          const { error } = await response.json();
          expect([path, model, response.status, error.code]).toEqual([
            path,
            model,
            404,
            "model_not_found",
          ]);
        }
      }
      expect(new Set((await alone.rows()).map((row) => `${row.outcome} ${row.provider}`))).toEqual(
        new Set(["refused null"]),
      );
    } finally {
      await alone.stop();
    }
    const beside = await startGateway({
      ANYRAY_PROVIDERS: JSON.stringify({
        demo: { kind: "demo" },
        open: { kind: "openai-compatible", base_url: `${upstream.url}/open`, auth: "none" },
      }),
    });
    try {
      await beside.post("/v1/chat/completions", { ...CHAT, model: "never-heard-of" });
      await beside.post("/v1/chat/completions", { ...CHAT, model: "demo" });
      expect((await beside.rows()).map((row) => row.provider)).toEqual(["open", "demo"]);
    } finally {
      await beside.stop();
    }
  });

  test("of a provider with another dialect is refused clearly", async () => {
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, model: "claude/c" });
    expect([response.status, (await response.json()).error.code]).toEqual([
      400,
      "unsupported_dialect",
    ]);
  });

  test("is listed in OpenAI's shape, and in Anthropic's when its version is sent", async () => {
    const headers = { authorization: `Bearer ${gateway.key}` };
    const openai = await (await gateway.fetch("/v1/models", { headers })).json();
    expect(openai.data.map((model: { id: string }) => model.id)).toEqual(
      expect.arrayContaining([
        "fast",
        "mock/m",
        "m",
        "claude/c",
        "c",
        "mock/org/slashed",
        "org/slashed",
      ]),
    );
    const anthropic = await (
      await gateway.fetch("/v1/models", {
        headers: { ...headers, "anthropic-version": "2023-06-01" },
      })
    ).json();
    expect(anthropic).toMatchObject({ has_more: false, first_id: "fast" });
    expect(anthropic.data[0]).toMatchObject({ type: "model", id: "fast" });
    for (const id of ["mock/m", "mock%2Fm"]) {
      const one = await (await gateway.fetch(`/v1/models/${id}`, { headers })).json();
      expect(one).toMatchObject({ id: "mock/m", object: "model", owned_by: "mock" });
    }
    expect((await gateway.fetch("/v1/models/none", { headers })).status).toBe(404);
    expect((await gateway.fetch("/v1/models")).status).toBe(401);
  });
});

describe("money", () => {
  test("is counted in whole pico-dollars, and told in a header", async () => {
    upstream.handle((_, reply) => reply.json(200, { ...ANSWER, model: "gpt-4o-mini" }));
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, model: "fast" });
    // gpt-4o-mini: $0.15 a million in, $0.60 a million out.
    expect(response.headers.get("x-anyray-cost-usd")).toBe("0.000045000000");
    expect(await lastRow()).toMatchObject({ costPicoUsd: 45_000_000n, unpriced: false });
  });

  test("of a model without a price is null and marked, never zero", async () => {
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, model: "open/x" });
    expect(response.headers.get("x-anyray-cost-usd")).toBeNull();
    expect(await lastRow()).toMatchObject({ costPicoUsd: null, unpriced: true });
  });

  test("without the provider's usage is estimated and marked", async () => {
    upstream.handle((_, reply) =>
      reply.json(200, { ...ANSWER, usage: null, model: "gpt-4o-mini" }),
    );
    await gateway.post("/v1/chat/completions", {
      model: "fast",
      messages: [{ role: "user", content: "How many words are there in this sentence?" }],
    });
    const row = await lastRow();
    expect(row.usageSource).toBe("estimated");
    expect(row.inputTokens).toBeGreaterThan(5);
    expect(row.outputTokens).toBeGreaterThan(0);
    expect(row.costPicoUsd).toBeGreaterThan(0n);
  });
});

describe("stored responses", () => {
  test("belong to the key that made them", async () => {
    upstream.handle((request, reply) =>
      reply.json(
        200,
        request.method === "POST"
          ? {
              id: "resp_1",
              model: "m",
              status: "completed",
              output: [],
              usage: { input_tokens: 1, output_tokens: 1 },
            }
          : { id: "resp_1", object: "response" },
      ),
    );
    await gateway.post("/v1/responses", { model: "m", input: "x" });
    const mine = { headers: { authorization: `Bearer ${gateway.key}` } };
    expect((await gateway.fetch("/v1/responses/resp_1", mine)).status).toBe(200);
    expect((await gateway.fetch("/v1/responses/resp_1/input_items", mine)).status).toBe(200);
    for (const query of [
      "stream=true",
      "stream=True",
      "stream=1",
      "str%65am=tr%75e",
      "a=b&stream=",
    ]) {
      const streamed = await gateway.fetch(`/v1/responses/resp_1?${query}`, mine);
      expect([query, streamed.status]).toEqual([query, 400]);
    }
    expect((await gateway.fetch("/v1/responses/resp_1?stream=false", mine)).status).toBe(200);
    const { secret } = await gateway.addKey({});
    const theirs = { headers: { authorization: `Bearer ${secret}` } };
    const seen = upstream.requests.length;
    expect((await gateway.fetch("/v1/responses/resp_1", theirs)).status).toBe(404);
    expect(
      (await gateway.fetch("/v1/responses/resp_1", { ...theirs, method: "DELETE" })).status,
    ).toBe(404);
    const continued = await gateway.post(
      "/v1/responses",
      { model: "m", input: "x", previous_response_id: "resp_1" },
      { authorization: `Bearer ${secret}` },
    );
    expect(continued.status).toBe(404);
    expect(upstream.requests).toHaveLength(seen);
  });

  test("are not for a key that is for other endpoints, though it made them once", async () => {
    const { secret } = await gateway.addKey({ endpoints: ["chat"] });
    const headers = { authorization: `Bearer ${secret}` };
    for (const [method, path] of [
      ["GET", "/v1/responses/resp_1"],
      ["DELETE", "/v1/responses/resp_1"],
      ["POST", "/v1/responses/resp_1/cancel"],
      ["GET", "/v1/responses/resp_1/input_items"],
    ] as const) {
      const { status } = await gateway.fetch(path, { method, headers });
      expect([method, path, status]).toEqual([method, path, 403]);
    }
  });

  test("in the background are refused by name", async () => {
    const response = await gateway.post("/v1/responses", {
      model: "m",
      input: "x",
      background: true,
    });
    expect([response.status, (await response.json()).error]).toMatchObject([
      400,
      { code: "unsupported_field", param: "background" },
    ]);
  });
});

describe("the admin's view", () => {
  test("is closed to everyone without the admin token", async () => {
    for (const path of [
      "/admin/spend",
      "/admin/spend/records",
      "/admin/spend?nonsense=1",
      "/docs",
      "/docs/json",
      "/metrics",
    ]) {
      for (const authorization of ["", `Bearer ${gateway.key}`, "Bearer x", "Basic eDp5"]) {
        const response = await gateway.fetch(path, { headers: { authorization } });
        expect([path, response.status]).toEqual([path, 401]);
      }
    }
  });

  test("sums spend by user, exactly", async () => {
    upstream.handle((_, reply) => reply.json(200, { ...ANSWER, model: "gpt-4o-mini" }));
    for (let i = 0; i < 3; i++) {
      await gateway.post(
        "/v1/chat/completions",
        { ...CHAT, model: "fast" },
        { "x-anyray-metadata": '{"user":"sum-user"}' },
      );
    }
    const report = await (await admin("/admin/spend?group_by=user,model&user=sum-user")).json();
    expect(report.totals).toMatchObject({
      requests: 3,
      input_tokens: 300,
      output_tokens: 150,
      cost_usd: "0.000135000000",
    });
    expect(report.groups).toEqual([
      expect.objectContaining({
        user: "sum-user",
        model: "gpt-4o-mini",
        cost_usd: "0.000135000000",
      }),
    ]);
  });

  test("without grouping has no groups", async () => {
    expect((await (await admin("/admin/spend")).json()).groups).toEqual([]);
  });

  test("pages through the records, newest first, each once", async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { records: { id: string }[]; next_cursor: string | null } = await (
        await admin(`/admin/spend/records?limit=7${cursor === null ? "" : `&cursor=${cursor}`}`)
      ).json();
      ids.push(...page.records.map((record) => record.id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(ids).toEqual([...ids].sort().reverse());
    expect(new Set(ids).size).toBe((await gateway.rows()).length);
  });

  test("gives the same records as CSV", async () => {
    const { records } = await (await admin("/admin/spend/records?limit=5")).json();
    const response = await admin("/admin/spend/records?limit=5", { accept: "text/csv" });
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [head = "", ...lines] = (await response.text()).trimEnd().split("\r\n");
    const { metadata: _, ...columns } = records[0];
    expect(head.split(",")).toEqual([
      ...Object.keys(columns),
      "metadata.project",
      "metadata.stage",
    ]);
    expect(lines.map((line) => line.split(",")[0])).toEqual(
      records.map((record: { id: string }) => record.id),
    );
  });

  test("gives the same sums as CSV: a line a group, or one of all", async () => {
    const asked = "/admin/spend?group_by=user,provider";
    const { totals, groups } = await (await admin(asked)).json();
    const response = await admin(`${asked}&format=csv`);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [head = "", ...lines] = (await response.text()).trimEnd().split("\r\n");
    expect(head.split(",")).toEqual(["user", "provider", ...Object.keys(totals)]);
    const inOrder = (group: Record<string, string | number | null>) =>
      head.split(",").map((name) => String(group[name] ?? ""));
    expect(lines.map((line) => line.split(","))).toEqual(groups.map(inOrder));
    const all = await (await admin("/admin/spend", { accept: "text/csv" })).text();
    expect(all.trimEnd().split("\r\n")).toEqual([
      Object.keys(totals).join(","),
      Object.values(totals).join(","),
    ]);
  });

  const BAD = [
    "format=xml",
    "from=yesterday",
    "to=1",
    "limit=0",
    "limit=1001",
    "limit=x",
    "group_by=nope",
    "group_by=user,user",
    "tz=Mars",
    "nonsense=1",
    "outcome=fine",
    "status=abc",
    "stream=maybe",
    "from=2026-01-02&to=2026-01-01",
    "user=a&user=b",
  ];
  for (const query of BAD) {
    test(`refuses ?${query}`, async () => {
      const response = await admin(`/admin/spend?${query}`);
      expect([response.status, (await response.json()).error.code]).toEqual([
        400,
        "invalid_request",
      ]);
    });
  }

  test("shows health to everyone and its checks to admins", async () => {
    expect(await (await gateway.fetch("/livez")).json()).toEqual({ status: "ok" });
    expect(await (await gateway.fetch("/readyz")).json()).toEqual({ status: "ok" });
    expect(await (await admin("/readyz")).json()).toMatchObject({
      checks: { ledger: { state: "ok", code: null } },
    });
    expect((await gateway.fetch("/", { method: "HEAD" })).status).toBe(200);
    expect(await (await admin("/metrics")).text()).toContain(
      'anyray_requests_total{endpoint="chat",status="200"}',
    );
  });
});

describe("an address that is none", () => {
  test("says where /v1 belongs, to a tool that has it twice or not at all, and to nobody else", async () => {
    const answers = [
      ["/chat/completions", true],
      ["/messages", true],
      ["/v1/v1/messages", true],
      ["/v1/v1/v1/messages", false],
      ["/v1/chat", false],
      ["/nothing", false],
    ] as const;
    for (const [path, isTold] of answers) {
      const { status, body } = await ask(path);
      expect([path, status]).toEqual([path, 404]);
      expect([path, body.includes("Look at the base URL")]).toEqual([path, isTold]);
    }
  });

  async function ask(path: string) {
    const response = await gateway.fetch(path, { method: "POST", body: "{}" });
    return { status: response.status, body: await response.text() };
  }
});
