/** What strangers and providers send wrong: a clear answer, the right row, and a process that goes on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { providersAt, readAll, startGateway, type TestGateway } from "./gateway.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const SECRET = "zxcvbnm-a-secret-in-the-body";

let gateway: TestGateway;
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream((_, reply) => reply.json(200, { ok: true }));
  gateway = await startGateway({
    ANYRAY_PROVIDERS: providersAt(upstream.url),
    ANYRAY_METADATA_KEYS: "project",
    ANYRAY_MAX_BODY_BYTES: "100000",
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

const ROUTES = [
  ["/v1/chat/completions", { model: "m", messages: [{ role: "user", content: SECRET }] }],
  ["/v1/completions", { model: "m", prompt: SECRET }],
  ["/v1/responses", { model: "m", input: SECRET }],
  ["/v1/embeddings", { model: "m", input: SECRET }],
  ["/v1/messages", { model: "c", max_tokens: 9, messages: [{ role: "user", content: SECRET }] }],
  ["/v1/messages/count_tokens", { model: "c", messages: [{ role: "user", content: SECRET }] }],
] as const;

interface ErrorBody {
  readonly type?: string;
  readonly error: { readonly message: string; readonly code: string; readonly type?: string };
}

/** The refusal's shape, and that nothing of the body stands in it or in the log. */
async function expectRefusal(
  path: string,
  response: Response,
  status: number,
  code: string,
): Promise<string> {
  const text = await response.text();
  expect(text).not.toContain(SECRET);
  expect(gateway.log.join("\n")).not.toContain(SECRET);
  const body: ErrorBody = JSON.parse(text);
  expect([response.status, body.error.code]).toEqual([status, code]);
  expect(body.type).toBe(path.startsWith("/v1/messages") ? "error" : undefined);
  expect(body.error.type).toBeString();
  expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
  expect(response.headers.get("x-anyray-error-source")).toBe("gateway");
  return body.error.message;
}

for (const [path, good] of ROUTES) {
  const leavesRow = path !== "/v1/messages/count_tokens";

  describe(`POST ${path}`, () => {
    const BAD: readonly (readonly [
      string,
      string | Uint8Array<ArrayBuffer>,
      number,
      string,
      string?,
    ])[] = [
      ["nothing", "", 400, "invalid_json"],
      ["half a JSON text", JSON.stringify(good).slice(0, -2), 400, "invalid_json"],
      ["text that is no JSON", SECRET, 400, "invalid_json"],
      [
        "bytes that are no UTF-8",
        new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        400,
        "invalid_json",
      ],
      ["an array", `["${SECRET}"]`, 400, "invalid_request"],
      ["no model", JSON.stringify({ ...good, model: undefined }), 400, "invalid_request", "model"],
      [
        "a model that is a number",
        JSON.stringify({ ...good, model: 5 }),
        400,
        "invalid_request",
        "model",
      ],
      [
        "an unknown model",
        JSON.stringify({ ...good, model: SECRET }),
        404,
        "model_not_found",
        "model",
      ],
      [
        "a model of a provider that lacks it",
        JSON.stringify({ ...good, model: "mock/x" }),
        404,
        "model_not_found",
      ],
      [
        "the model twice",
        JSON.stringify(good).replace("{", '{"model":"other",'),
        400,
        "ambiguous_field",
        "model",
      ],
      [
        "the model in another letter case, too",
        JSON.stringify(good).replace("{", '{"Model":"x",'),
        400,
        "ambiguous_field",
        "model",
      ],
      [
        "an escaped twin of the model",
        JSON.stringify(good).replace("{", '{"mod\\u0065l":"x",'),
        400,
        "ambiguous_field",
        "model",
      ],
      [
        "a long s in stream",
        JSON.stringify(good).replace("{", '{"ſtream":true,'),
        400,
        "ambiguous_field",
        "stream",
      ],
      [
        "any member twice",
        JSON.stringify(good).replace("{", '{"x":1,"x":2,'),
        400,
        "ambiguous_field",
      ],
      [
        "more than the limit",
        JSON.stringify({ ...good, pad: "x".repeat(100_001) }),
        413,
        "body_too_large",
      ],
    ];
    for (const [name, body, status, code, field] of BAD) {
      test(`with ${name} is refused as ${code}`, async () => {
        const before = (await gateway.rows()).length;
        const seen = upstream.requests.length;
        const response = await gateway.fetch(path, {
          method: "POST",
          headers: { authorization: `Bearer ${gateway.key}` },
          body,
        });
        const message = await expectRefusal(path, response, status, code);
        if (field !== undefined) expect(message).toContain(`(${field}`);
        const rows = await gateway.rows();
        expect(rows).toHaveLength(before + (leavesRow ? 1 : 0));
        if (leavesRow) {
          expect(rows.at(-1)).toMatchObject({
            outcome: "refused",
            status,
            provider: null,
            costPicoUsd: 0n,
            attempt: 0,
          });
          expect(
            JSON.stringify(rows.at(-1), (_, value) =>
              typeof value === "bigint" ? String(value) : value,
            ),
          ).not.toContain(SECRET);
        }
        expect(upstream.requests).toHaveLength(seen);
      });
    }

    test("with stream that is a text is refused by name", async () => {
      if (path === "/v1/embeddings" || path.endsWith("count_tokens")) return;
      const response = await gateway.post(path, { ...good, stream: SECRET });
      expect(await expectRefusal(path, response, 400, "invalid_request")).toContain("(stream)");
    });

    const KEYS: readonly (readonly [string, Record<string, string>])[] = [
      ["no key", {}],
      ["a key of no gateway", { authorization: "Bearer sk-abc" }],
      ["a key with a typing error", { authorization: `Bearer ark_${"a".repeat(43)}_000000` }],
      ["an empty bearer", { authorization: "Bearer " }],
    ];
    for (const [name, headers] of KEYS) {
      test(`with ${name} is refused and leaves no row`, async () => {
        const before = (await gateway.rows()).length;
        const response = await gateway.fetch(path, {
          method: "POST",
          headers,
          body: JSON.stringify(good),
        });
        await expectRefusal(path, response, 401, "unauthenticated");
        expect(await gateway.rows()).toHaveLength(before);
      });
    }

    test("with a revoked key is refused within a second", async () => {
      const { secret, id } = await gateway.addKey({});
      const send = () =>
        gateway.fetch(path, {
          method: "POST",
          headers: { "x-api-key": secret },
          body: JSON.stringify(good),
        });
      expect((await send()).status).not.toBe(401);
      await gateway.store.keys.revoke(id, Date.now());
      await new Promise((resolve) => setTimeout(resolve, 600));
      await expectRefusal(path, await send(), 401, "unauthenticated");
    });

    test("with two different keys is refused by name", async () => {
      const { secret } = await gateway.addKey({});
      const response = await gateway.post(path, good, { "x-api-key": secret });
      expect(await expectRefusal(path, response, 400, "invalid_request")).toContain(
        "authorization",
      );
    });

    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      test(`as ${method} says which methods there are`, async () => {
        const response = await gateway.fetch(path, {
          method,
          headers: { authorization: `Bearer ${gateway.key}` },
        });
        await expectRefusal(path, response, 405, "method_not_allowed");
        expect(response.headers.get("allow")).toContain("POST");
      });
    }
  });
}

describe("x-anyray-metadata", () => {
  const chat = ROUTES[0];
  const BAD: readonly (readonly [string, string, string])[] = [
    ["no JSON", SECRET, ""],
    ["an array", "[1]", ""],
    ["a nested member", '{"x":{"y":1}}', ""],
    ["a nested user", '{"user":{"y":1}}', ".user"],
    ["a list under a key that is kept", '{"project":["a"]}', ".project"],
    ["prose as user", '{"user":"please summarise this long text for me"}', ".user"],
    ["two spellings that differ", '{"user":"a","userId":"b"}', ".userId"],
    ["a team that begins with a dash", '{"team":"-x"}', ".team"],
    ["a session that is too long", `{"session":"${"s".repeat(129)}"}`, ".session"],
    [
      "too many members",
      JSON.stringify(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`m${i}`, 1]))),
      "",
    ],
    [
      "prose under a key that is kept",
      '{"project":"please summarise this long text for me"}',
      ".project",
    ],
    ["a flag under a key that is kept", '{"project":true}', ".project"],
    ["more than 4 KiB", JSON.stringify({ x: "y".repeat(5000) }), ""],
  ];
  for (const [name, header, member] of BAD) {
    test(`with ${name} is refused by name`, async () => {
      const response = await gateway.post(chat[0], chat[1], { "x-anyray-metadata": header });
      const message = await expectRefusal(chat[0], response, 400, "invalid_request");
      expect(message).toContain(`(x-anyray-metadata${member})`);
    });
  }
});

describe("an address that is not there", () => {
  test("is refused in the dialect of its place", async () => {
    const openai = await gateway.fetch("/v1/nope");
    expect([openai.status, (await openai.json()).error.type]).toEqual([
      404,
      "invalid_request_error",
    ]);
    const anthropic = await gateway.fetch("/v1/nope", {
      headers: { "anthropic-version": "2023-06-01" },
    });
    expect((await anthropic.json()).type).toBe("error");
    const admin = await gateway.fetch("/admin/nope");
    expect(await admin.json()).toMatchObject({ error: { code: "not_found", status: 404 } });
  });
});

describe("a provider's refusal", () => {
  const CASES = [
    [400, { error: { message: "bad thing", type: "invalid_request_error" } }, {}],
    [429, { error: { message: "slow", type: "rate_limit" } }, { "retry-after": "7" }],
    [500, { error: { message: "oops" } }, {}],
    [529, { type: "error", error: { type: "overloaded_error", message: "busy" } }, {}],
  ] as const;
  for (const [status, body, headers] of CASES) {
    test(`with ${status} is handed on with its body and retry-after`, async () => {
      upstream.handle((_, reply) =>
        reply.json(status, body, { ...headers, "x-request-id": "up-1" }),
      );
      const response = await gateway.post("/v1/messages", ROUTES[4][1]);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual(body);
      expect(response.headers.get("retry-after")).toBe(status === 429 ? "7" : null);
      expect(response.headers.get("x-anyray-error-source")).toBe("upstream");
      expect(response.headers.get("x-anyray-upstream-request-id")).toBe("up-1");
      expect((await gateway.rows()).at(-1)).toMatchObject({
        outcome: "upstream_error",
        status,
        upstreamStatus: status,
        usageSource: "none",
        costPicoUsd: 0n,
      });
    });
  }

  for (const status of [401, 403]) {
    test(`of our own credential (${status}) is told in our words`, async () => {
      upstream.handle((_, reply) =>
        reply.json(status, { error: { message: "Incorrect API key provided: sk-upst****cret" } }),
      );
      const response = await gateway.post("/v1/chat/completions", ROUTES[0][1]);
      const text = await response.text();
      expect(response.status).toBe(502);
      expect(text).toContain("provider_credential_refused");
      expect(text).not.toContain("sk-upst");
      expect((await gateway.rows()).at(-1)).toMatchObject({ status: 502, upstreamStatus: status });
    });
  }

  test("by redirect is not followed", async () => {
    upstream.handle((_, reply) => reply.send(302, { location: "http://127.0.0.1:1/steal" }, ""));
    const response = await gateway.post("/v1/chat/completions", ROUTES[0][1]);
    expect(response.status).toBe(502);
    expect(response.headers.get("location")).toBeNull();
  });
});

describe("a provider that misbehaves", () => {
  const chat = ROUTES[0];
  test("by resetting the connection is unreachable", async () => {
    upstream.handle((_, reply) => reply.reset());
    const response = await gateway.post(chat[0], chat[1]);
    await expectRefusal(chat[0], response, 502, "upstream_unreachable");
    expect((await gateway.rows()).at(-1)).toMatchObject({ outcome: "upstream_error", status: 502 });
  });

  test("by answering no HTTP is malformed", async () => {
    upstream.handle((_, reply) => {
      reply.raw("hello there\r\n\r\n");
      reply.close();
    });
    await expectRefusal(chat[0], await gateway.post(chat[0], chat[1]), 502, "upstream_malformed");
  });

  test("by calling HTML JSON is malformed, and what it may have billed is estimated", async () => {
    upstream.handle((_, reply) =>
      reply.send(200, { "content-type": "application/json" }, "<html>login</html>"),
    );
    await expectRefusal(chat[0], await gateway.post(chat[0], chat[1]), 502, "upstream_malformed");
    expect((await gateway.rows()).at(-1)).toMatchObject({
      outcome: "upstream_error",
      usageSource: "estimated",
    });
  });

  test("by calling a JSON body an event stream never looks complete", async () => {
    upstream.handle((_, reply) =>
      reply.send(200, { "content-type": "text/event-stream" }, '{"choices":[]}'),
    );
    const response = await gateway.post(chat[0], { ...chat[1], stream: true });
    expect((await readAll(response)).isClean).toBe(false);
  });

  test("by breaking off its JSON is a cut", async () => {
    upstream.handle((_, reply) => {
      reply.raw(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
      );
      reply.close();
    });
    const response = await gateway.post(chat[0], chat[1]);
    await expectRefusal(chat[0], response, 502, "upstream_unreachable");
    expect((await gateway.rows()).at(-1)).toMatchObject({ outcome: "cut" });
  });

  test("leaves a gateway that serves the next request", async () => {
    upstream.handle((_, reply) =>
      reply.json(200, {
        model: "m",
        choices: [],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      }),
    );
    expect((await gateway.post(chat[0], chat[1])).status).toBe(200);
  });
});
