/** What passes unread, through the front door: who may, which provider, whose objects, what is written down. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { OPERATIONS } from "../opaque/operations.ts";
import { adminOf } from "./admin/rig.ts";
import { startGateway, type TestGateway } from "./gateway.ts";
import { SSE, startUpstream, type Upstream } from "./upstream.ts";

const SECRET = "a prompt that must not be quoted";
const ALL = ["images", "audio", "files", "batches", "moderations", "rerank"];
let upstream: Upstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((_, reply) => reply.json(200, { ok: true }));
  const provider = { kind: "openai-compatible", base_url: `${upstream.url}/v1`, api_key: "sk-up" };
  gateway = await startGateway({
    ANYRAY_PROVIDERS: JSON.stringify({
      plain: { ...provider, models: ["m"] },
      one: { ...provider, capabilities: { endpoints: ["chat", ...ALL] } },
      two: {
        ...provider,
        base_url: `${upstream.url}/two/v1`,
        models: ["draw", "chatty"],
        capabilities: { endpoints: ["chat", "images", "files", "batches"] },
      },
      aliases: { picture: "two/draw" },
    }),
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.handle((_, reply) => reply.json(200, { ok: true }));
});

const lastSeen = () => {
  const seen = upstream.requests.at(-1);
  if (seen === undefined) throw new Error("nothing was sent");
  return seen;
};
const sentText = () => new TextDecoder().decode(lastSeen().body);
const lastRow = async () => {
  const row = (await gateway.rows()).at(-1);
  if (row === undefined) throw new Error("no row");
  return row;
};
type Init = Omit<RequestInit, "headers"> & { readonly headers?: Record<string, string> };
/** The answer while it comes. */
const open = (path: string, init: Init = {}, key = gateway.key) =>
  gateway.fetch(path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
/** The answer when it is there, and its row with it. */
async function ask(path: string, init: Init = {}, key = gateway.key): Promise<Response> {
  const response = await open(path, init, key);
  const body = response.body === null ? null : await response.arrayBuffer();
  return new Response(body, response);
}
const upload = (path: string, headers: Record<string, string> = {}, key = gateway.key) => {
  const body = new FormData();
  body.append("purpose", "batch");
  body.append("file", new Blob([new Uint8Array([0, 255, 1, 254])]), "f.bin");
  return ask(path, { method: "POST", body, headers }, key);
};
const post = (path: string, body: unknown, headers: Record<string, string> = {}, key?: string) =>
  ask(
    path,
    {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    },
    key,
  );
async function refusal(response: Response) {
  const text = await response.text();
  expect(text).not.toContain(SECRET);
  const { error } = JSON.parse(text);
  return [response.status, error.code];
}
/** The provider gives the object out. */
async function give(path: string, answer: object, key = gateway.key, provider = "one") {
  upstream.handle((_, reply) => reply.json(200, answer));
  const headers = { "x-anyray-provider": provider };
  const response = path.endsWith("/files")
    ? await upload(path, headers, key)
    : await post(path, { input_file_id: "file-in" }, headers, key);
  expect(response.status).toBe(200);
  upstream.handle((_, reply) => reply.json(200, { ok: true }));
}

describe("what passes unread", () => {
  test("goes up and down byte for byte, and leaves one unpriced row", async () => {
    const bytes = new Uint8Array(70_000).map((_, at) => at * 7);
    upstream.handle((_, reply) => reply.send(200, { "content-type": "audio/mpeg" }, bytes));
    const body = `{"model" : "one/tts-1","input":"${SECRET}", "speed":1.0e0}`;
    const response = await post("/v1/audio/speech", body, {
      "x-anyray-metadata": '{"user":"ann"}',
    });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "audio/mpeg"]);
    expect(response.headers.get("x-anyray-cost-usd")).toBeNull();
    expect(sentText()).toBe(body.replace("one/tts-1", "tts-1"));
    expect([lastSeen().path, lastSeen().headers.get("authorization")]).toEqual([
      "/v1/audio/speech",
      "Bearer sk-up",
    ]);
    expect(await lastRow()).toMatchObject({
      endpoint: "audio",
      dialect: "opaque",
      provider: "one",
      modelRequested: "tts-1".replace("tts", "one/tts"),
      user: "ann",
      usageSource: "none",
      unpriced: true,
      costPicoUsd: null,
      inputTokens: 0,
      outcome: "ok",
      status: 200,
      attempt: 1,
    });
  });

  test("has every address of the list, each under its endpoint", async () => {
    await give("/v1/files", { id: "file-in" });
    await give("/v1/files", { id: "object-1" });
    const before = (await gateway.rows()).length;
    const reachable = OPERATIONS.filter(({ reach }) => reach !== "list");
    for (const { method, path, body } of reachable) {
      const headers = { "x-anyray-provider": "one" };
      const address = `/v1${path.replace(":id", "object-1")}`;
      const response =
        body === "upload"
          ? await upload(address, headers)
          : await ask(address, {
              method,
              headers,
              ...(body === "none" ? {} : { body: '{"input_file_id":"file-in"}' }),
            });
      expect([address, response.status]).toEqual([address, 200]);
      expect([lastSeen().method, lastSeen().path]).toEqual([method, address]);
    }
    const rows = (await gateway.rows()).slice(before);
    expect(rows.map((row) => row.endpoint)).toEqual(reachable.map(({ endpoint }) => endpoint));
    expect(rows.every((row) => row.unpriced && row.costPicoUsd === null)).toBe(true);
  });

  test("uploads as they are, boundary and bytes", async () => {
    await upload("/v1/audio/transcriptions?a=b", { "x-anyray-provider": "one" });
    expect(lastSeen().path).toBe("/v1/audio/transcriptions?a=b");
    expect(lastSeen().headers.get("content-type")).toMatch(/^multipart\/form-data; boundary=/);
    expect(lastSeen().headers.has("x-anyray-provider")).toBe(false);
    expect(Buffer.from(lastSeen().body).includes(Buffer.from([0, 255, 1, 254]))).toBe(true);
  });

  test("hands on events at once, and ends when the row is there", async () => {
    const gate = Promise.withResolvers<void>();
    upstream.handle(async (_, reply) => {
      reply.head(200, SSE);
      reply.chunk("event: a\ndata: 1\n\n");
      await gate.promise;
      reply.chunk("event: b\ndata: 2\n\n");
      reply.end();
    });
    const rows = (await gateway.rows()).length;
    const body = JSON.stringify({ model: "picture", stream: true });
    const response = await open("/v1/images/generations", { method: "POST", body });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("event: a\ndata: 1\n\n");
    gate.resolve();
    const second = await reader?.read();
    expect(new TextDecoder().decode(second?.value)).toBe("event: b\ndata: 2\n\n");
    expect((await reader?.read())?.done).toBe(true);
    expect((await gateway.rows()).length).toBe(rows + 1);
    expect(await lastRow()).toMatchObject({ provider: "two", stream: true, outcome: "ok" });
  });

  test("that the provider refuses is handed on, but for a refusal of our credential", async () => {
    upstream.handle((_, reply) => reply.json(422, { error: { message: "too many" } }));
    const response = await post("/v1/rerank", { query: "q" });
    expect([response.status, await response.json()]).toEqual([
      422,
      { error: { message: "too many" } },
    ]);
    expect(await lastRow()).toMatchObject({ outcome: "upstream_error", status: 422 });
    upstream.handle((_, reply) => reply.json(401, { error: "bad key sk-up" }));
    expect(await refusal(await post("/v1/rerank", { query: "q" }))).toEqual([
      502,
      "provider_credential_refused",
    ]);
    expect(await lastRow()).toMatchObject({ outcome: "upstream_error", upstreamStatus: 401 });
  });

  test("is accounted for when the provider cuts it off or is not reached", async () => {
    upstream.handle((_, reply) => {
      reply.head(200, { "content-type": "image/png" });
      reply.chunk("half");
      reply.close();
    });
    const body = '{"model":"two/draw"}';
    const response = await open("/v1/images/generations", { method: "POST", body });
    await expect(response.text()).rejects.toThrow();
    expect(await lastRow()).toMatchObject({ outcome: "cut", status: 200 });
    upstream.handle((_, reply) => reply.close());
    expect((await post("/v1/moderations", { input: "x" })).status).toBe(502);
    expect(await lastRow()).toMatchObject({ outcome: "upstream_error", status: 502, attempt: 1 });
  });

  test("answers without a body where HTTP has none", async () => {
    await give("/v1/files", { id: "file-gone" });
    upstream.handle((_, reply) => reply.send(204, {}, ""));
    const response = await ask("/v1/files/file-gone", { method: "DELETE" });
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });
});

describe("the provider", () => {
  test("is the model's, else the header's, else the only one; else nobody's", async () => {
    const chosen = async (path: string, body: object, headers = {}) => {
      const response = await post(path, body, headers);
      await response.arrayBuffer();
      return response.ok ? (await lastRow()).provider : response.status;
    };
    const images = "/v1/images/generations";
    expect(await chosen(images, { model: "two/draw" })).toBe("two");
    expect(await chosen(images, { model: "picture" })).toBe("two");
    // Of those that offer it, the first whose list has the name.
    expect(await chosen(images, { model: "draw" })).toBe("two");
    expect(await chosen(images, { model: "x" }, { "x-anyray-provider": "one" })).toBe("one");
    expect(await chosen("/v1/moderations", { input: "x" })).toBe("one");
    expect(await chosen(images, { prompt: "x" })).toBe(400);
    expect(await chosen(images, { model: "unheard-of" })).toBe(400);
    expect(await chosen(images, { model: "two/other" })).toBe(404);
    expect(await chosen(images, { model: "other" }, { "x-anyray-provider": "two" })).toBe(404);
    expect(await chosen(images, { model: "two/draw" }, { "x-anyray-provider": "one" })).toBe(400);
    expect(await chosen(images, {}, { "x-anyray-provider": "nobody" })).toBe(400);
    expect(await chosen(images, {}, { "x-anyray-provider": "plain" })).toBe(400);
    expect(await chosen("/v1/rerank", { model: "two/draw" })).toBe(400);
  });

  test("offers nothing of it unless told to", async () => {
    const bare = await startGateway({
      ANYRAY_PROVIDERS: JSON.stringify({
        plain: { kind: "openai", base_url: `${upstream.url}/v1`, api_key: "sk-x" },
      }),
    });
    const sent = upstream.requests.length;
    for (const { method, path, reach } of OPERATIONS) {
      const response = await bare.fetch(`/v1${path.replace(":id", "x")}`, {
        method,
        headers: { authorization: `Bearer ${bare.key}` },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      const status = reach === "list" ? 403 : reach === "object" ? 404 : 400;
      expect([path, response.status]).toEqual([path, status]);
    }
    expect(upstream.requests.length).toBe(sent);
    expect((await bare.rows()).every((row) => row.outcome === "refused")).toBe(true);
    await bare.stop();
  });
});

describe("the key", () => {
  test("must be one", async () => {
    const response = await post("/v1/rerank", { query: SECRET }, {}, "ark_none");
    expect(await refusal(response)).toEqual([401, "unauthenticated"]);
  });

  test("is held to its endpoints and its models, seen or not", async () => {
    const { secret: chat } = await gateway.addKey({ endpoints: ["chat"] });
    expect(await refusal(await post("/v1/rerank", { query: "q" }, {}, chat))).toEqual([
      403,
      "forbidden",
    ]);
    const { secret: some } = await gateway.addKey({ models: ["one/rank-1"] });
    expect((await post("/v1/rerank", { model: "one/rank-1" }, {}, some)).status).toBe(200);
    for (const body of [{ model: "one/rank-2" }, { query: "no model" }]) {
      expect(await refusal(await post("/v1/rerank", body, {}, some))).toEqual([
        403,
        "model_not_allowed",
      ]);
    }
    expect(await refusal(await upload("/v1/audio/translations", {}, some))).toEqual([
      403,
      "model_not_allowed",
    ]);
    const { secret: whole } = await gateway.addKey({ models: ["one/*"] });
    expect((await upload("/v1/audio/translations", {}, whole)).status).toBe(200);
  });

  test("beside the caller's own credential: that goes up, to the key's provider alone", async () => {
    const { secret } = await gateway.addKey({ passthrough: "two" });
    const own = { "x-anyray-api-key": secret, authorization: "Bearer sk-mine" };
    const listed = await ask("/v1/files", { headers: own });
    expect([listed.status, lastSeen().path, lastSeen().headers.get("authorization")]).toEqual([
      200,
      "/two/v1/files",
      "Bearer sk-mine",
    ]);
    expect(await lastRow()).toMatchObject({ credential: "passthrough", provider: "two" });
    // Whose a file is, its provider knows.
    expect((await ask("/v1/files/file-mine", { headers: own })).status).toBe(200);
    const elsewhere = { ...own, "x-anyray-provider": "one" };
    const response = await ask("/v1/files", { headers: elsewhere });
    expect(await refusal(response)).toEqual([403, "forbidden"]);
  });

  test("is stopped by a cap in dollars and by a rate limit", async () => {
    const admin = adminOf(gateway);
    const { secret, id } = await gateway.addKey({});
    const cap = { scope: "key", scope_id: id, unit: "usd", amount: "5", window: "day" };
    const made = await admin("POST", "/admin/caps", cap);
    expect(await refusal(await post("/v1/rerank", { query: "q" }, {}, secret))).toEqual([
      403,
      "model_not_allowed",
    ]);
    expect(
      await refusal(await upload("/v1/files", { "x-anyray-provider": "one" }, secret)),
    ).toEqual([403, "model_not_allowed"]);
    await admin("DELETE", `/admin/caps/${made.body.id}`);
    await admin("POST", "/admin/limits", { scope: "key", scope_id: id, requests_per_minute: 1 });
    expect((await post("/v1/rerank", { query: "q" }, {}, secret)).status).toBe(200);
    expect(await refusal(await post("/v1/rerank", { query: "q" }, {}, secret))).toEqual([
      429,
      "rate_limited",
    ]);
  });
});

describe("files and batches", () => {
  test("are of use to the key that they were made for, and to no other", async () => {
    const { secret: other } = await gateway.addKey({});
    await give("/v1/files", { id: "file-mine" }, gateway.key, "two");
    for (const [method, path] of [
      ["GET", "/v1/files/file-mine"],
      ["GET", "/v1/files/file-mine/content"],
      ["DELETE", "/v1/files/file-mine"],
    ] as const) {
      expect((await ask(path, { method })).status).toBe(200);
      // The provider that has it is known.
      expect(lastSeen().path).toMatch(/^\/two\/v1\/files\//);
      const sent = upstream.requests.length;
      expect(await refusal(await ask(path, { method }, other))).toEqual([404, "not_found"]);
      expect(upstream.requests.length).toBe(sent);
    }
    const wrong = await ask("/v1/files/file-mine", { headers: { "x-anyray-provider": "one" } });
    expect(await refusal(wrong)).toEqual([400, "invalid_request"]);
    for (const id of ["unheard-of", encodeURIComponent("../../etc"), "a%0Ab"]) {
      expect((await ask(`/v1/files/${id}`)).status).toBe(404);
    }
  });

  test("are not given out where it can't be written down whose they are; the call has its row all the same", async () => {
    const { ledger } = gateway.store;
    const { issue } = ledger;
    const broken = { issue: () => Promise.reject(new Error("the disk is full")) };
    Object.assign(ledger, broken);
    upstream.handle((_, reply) => reply.json(200, { id: "file-of-nobody" }));
    const response = await upload("/v1/files", { "x-anyray-provider": "one" });
    Object.assign(ledger, { issue });
    expect(await refusal(response)).toEqual([503, "store_unavailable"]);
    expect(await lastRow()).toMatchObject({ endpoint: "files", attempt: 1, unpriced: true });
    expect(await refusal(await ask("/v1/files/file-of-nobody"))).toEqual([404, "not_found"]);
  });

  test("are listed for nobody who shares the provider's account", async () => {
    for (const path of ["/v1/files", "/v1/batches", "/v1/files?limit=1"]) {
      expect(await refusal(await ask(path))).toEqual([403, "forbidden"]);
    }
    expect(await lastRow()).toMatchObject({ outcome: "refused", attempt: 0, status: 403 });
  });

  test("of a batch are the key's own when it has learnt of them", async () => {
    await give("/v1/files", { id: "file-in" });
    await give("/v1/batches", { id: "batch_1", output_file_id: null });
    expect((await ask("/v1/files/file-out/content")).status).toBe(404);
    upstream.handle((_, reply) =>
      reply.json(200, { id: "batch_1", output_file_id: "file-out", error_file_id: "file-err" }),
    );
    expect((await ask("/v1/batches/batch_1")).status).toBe(200);
    for (const id of ["file-out", "file-err"]) {
      expect((await ask(`/v1/files/${id}/content`)).status).toBe(200);
    }
    const { secret: other } = await gateway.addKey({});
    for (const [method, path] of [
      ["GET", "/v1/batches/batch_1"],
      ["POST", "/v1/batches/batch_1/cancel"],
      ["GET", "/v1/files/file-out/content"],
    ] as const) {
      expect(await refusal(await ask(path, { method }, other))).toEqual([404, "not_found"]);
    }
  });

  test("can't be named in a body by a key that was not given them", async () => {
    const { secret: other } = await gateway.addKey({});
    await give("/v1/files", { id: "file-secret" });
    const named = [
      ["/v1/batches", { input_file_id: "file-secret" }],
      ["/v1/images/edits", { images: [{ file_id: "file-secret" }] }],
      [
        "/v1/chat/completions",
        {
          model: "one/m",
          messages: [{ role: "user", content: [{ file: { file_id: "file-secret" } }] }],
        },
      ],
    ] as const;
    for (const [path, body] of named) {
      const headers = { "x-anyray-provider": "one" };
      expect(await refusal(await post(path, body, headers, other))).toEqual([404, "not_found"]);
      expect((await post(path, body, headers)).status).not.toBe(404);
    }
    expect(
      await refusal(await post("/v1/batches", '{"Input_File_Id":"file-secret"}', {}, other)),
    ).toEqual([400, "ambiguous_field"]);
  });

  test("can't be named beside the key's own, for parsers that see another of the two", async () => {
    const { secret: other } = await gateway.addKey({});
    await give("/v1/files", { id: "file-secret" });
    await give("/v1/files", { id: "file-own" }, other);
    const chat = (file: string) =>
      `{"model":"one/m","messages":[{"role":"user","content":[{"type":"file",${file}}]}]}`;
    const sent = upstream.requests.length;
    for (const file of [
      '"file":{"file_id":"file-secret","file_id":"file-own"}',
      '"file":{"file_id":"file-own","file\\u005fid":"file-own"}',
      '"file":{"file_id":"file-secret"},"file":{"file_id":"file-own"}',
      '"file":{"File_ID":"file-secret"}',
      '"file":{"file_ids" : ["file-own"],"file_id\u017f":["file-secret"]}',
    ]) {
      const answer = await post("/v1/chat/completions", chat(file), {}, other);
      expect([file, ...(await refusal(answer))]).toEqual([file, 400, "ambiguous_field"]);
    }
    expect(upstream.requests.length).toBe(sent);
    // What stands in a text is no member.
    const text = '"file":{"file_id":"file-own"},"text":"\\"file_id\\": \\"file-secret\\""';
    await post("/v1/chat/completions", chat(text), {}, other);
    expect(upstream.requests.length).toBe(sent + 1);
  });
});

describe("a body", () => {
  const BAD: readonly (readonly [string, number, string])[] = [
    [SECRET, 400, "invalid_json"],
    ["[1]", 400, "invalid_request"],
    ['{"model":1}', 400, "invalid_request"],
    ['{"model":""}', 400, "invalid_request"],
    ['{"model":"a","model":"b"}', 400, "ambiguous_field"],
    ['{"Model":"a"}', 400, "ambiguous_field"],
    [`{"model":"${SECRET}"`, 400, "invalid_json"],
  ];
  for (const [body, status, code] of BAD) {
    test(`${body.slice(0, 24)} is refused in our words`, async () => {
      const sent = upstream.requests.length;
      expect(await refusal(await post("/v1/moderations", body))).toEqual([status, code]);
      expect(upstream.requests.length).toBe(sent);
      expect(await lastRow()).toMatchObject({
        endpoint: "moderations",
        outcome: "refused",
        status,
      });
      expect(gateway.log.join("\n")).not.toContain(SECRET);
    });
  }

  test("larger than the limit is refused, read or not", async () => {
    const small = await startGateway({
      ANYRAY_MAX_BODY_BYTES: "1000",
      ANYRAY_PROVIDERS: JSON.stringify({
        one: {
          kind: "openai",
          base_url: `${upstream.url}/v1`,
          api_key: "sk-x",
          capabilities: { endpoints: ["files", "moderations"] },
        },
      }),
    });
    const headers = { authorization: `Bearer ${small.key}` };
    for (const path of ["/v1/files", "/v1/moderations"]) {
      const response = await small.fetch(path, {
        method: "POST",
        headers: { ...headers, "content-length": "1001" },
        body: "x".repeat(1_001),
      });
      expect(await refusal(response)).toEqual([413, "body_too_large"]);
    }
    const pieces = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(400));
      },
    });
    const response = await small.fetch("/v1/files", { method: "POST", headers, body: pieces });
    expect(await refusal(response)).toEqual([413, "body_too_large"]);
    expect((await small.rows()).map((row) => [row.outcome, row.status])).toEqual([
      ["refused", 413],
      ["refused", 413],
      ["refused", 413],
    ]);
    await small.stop();
  });
});
