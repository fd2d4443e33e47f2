/** The laws of streaming, through the front door and a real provider socket. */
import { afterEach, describe, expect, test } from "bun:test";
import { bestOf } from "./best-of.ts";
import { providersAt, readAll, startGateway, type TestGateway } from "./gateway.ts";
import { SSE, startUpstream, type Handler, type Upstream } from "./upstream.ts";

let gateway: TestGateway;
let upstream: Upstream;
afterEach(async () => {
  await gateway.stop();
  await upstream.stop();
});

async function start(handler: Handler, env: Record<string, string> = {}): Promise<void> {
  upstream = await startUpstream(handler);
  gateway = await startGateway({ ANYRAY_PROVIDERS: providersAt(upstream.url), ...env });
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const delta = (text: string) =>
  `data: ${JSON.stringify({ id: "c1", model: "m-1", choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`;
const FINISH = `data: {"id":"c1","model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`;
const USAGE = `data: {"id":"c1","model":"m-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}\n\n`;
const DONE = "data: [DONE]\n\n";
const STREAM = { model: "m", stream: true, messages: [{ role: "user", content: "hi" }] };

async function firstChunk(response: Response): Promise<{
  reader: ReadableStreamDefaultReader<Uint8Array>;
  text: string;
}> {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  const { value } = await reader.read();
  return { reader, text: new TextDecoder().decode(value) };
}

describe("a stream", () => {
  test("passes byte for byte, but for the usage chunk that the caller did not ask for", async () => {
    const odd = `: a comment\n\nevent: ping\ndata: {"never":"documented"}\n\ndata: {"choices":[{"index":0,"delta":{"content":"é😀"}}], "x_unknown": 12345678901234567890}\n\n`;
    await start((_, reply) => {
      reply.head(200, { ...SSE, "x-odd": "kept" });
      reply.chunk(delta("one") + odd);
      reply.chunk(FINISH + USAGE + DONE);
      reply.end();
    });
    const response = await gateway.post("/v1/chat/completions", STREAM);
    expect(response.headers.get("x-odd")).toBe("kept");
    expect(await readAll(response)).toEqual({
      text: delta("one") + odd + FINISH + DONE,
      isClean: true,
    });
    const [row] = await gateway.rows();
    expect(row).toMatchObject({
      inputTokens: 7,
      outputTokens: 5,
      usageSource: "provider",
      outcome: "ok",
      modelServed: "m-1",
      stream: true,
    });
  });

  test("shows the usage chunk to a caller who asked for it", async () => {
    await start((_, reply) => {
      reply.head(200, SSE);
      reply.chunk(delta("one") + FINISH + USAGE + DONE);
      reply.end();
    });
    const response = await gateway.post("/v1/chat/completions", {
      ...STREAM,
      stream_options: { include_usage: true },
    });
    expect((await readAll(response)).text).toContain('"choices":[],"usage"');
  });

  test("hands on each piece while the provider still works", async () => {
    await start(async (_, reply) => {
      reply.head(200, SSE);
      reply.chunk(delta("one"));
      await sleep(600);
      reply.chunk(FINISH + DONE);
      reply.end();
    });
    const startedAt = performance.now();
    const { reader, text } = await firstChunk(await gateway.post("/v1/chat/completions", STREAM));
    expect(text).toBe(delta("one"));
    expect(performance.now() - startedAt).toBeLessThan(500);
    await reader.cancel();
  });

  test("has its row before the client sees its end", async () => {
    await start((_, reply) => {
      reply.head(200, SSE);
      reply.chunk(delta("one") + FINISH + USAGE + DONE);
      reply.end();
    });
    const response = await gateway.post("/v1/chat/completions", STREAM);
    const reader = response.body?.getReader();
    let text = "";
    let rowsAtEnd = -1;
    for (;;) {
      const result = await reader?.read();
      if (result === undefined || result.done) break;
      text += new TextDecoder().decode(result.value);
      if (text.includes("[DONE]") && rowsAtEnd < 0) rowsAtEnd = (await gateway.rows()).length;
    }
    expect(rowsAtEnd).toBe(1);
  });

  const cuts: readonly (readonly [string, Handler])[] = [
    [
      "the provider closes in the middle",
      (_, reply) => {
        reply.head(200, SSE);
        reply.chunk(delta("one"));
        reply.close();
      },
    ],
    [
      "the provider resets the connection",
      async (_, reply) => {
        reply.head(200, SSE);
        reply.chunk(delta("one"));
        await sleep(30);
        reply.reset();
      },
    ],
    [
      "the provider ends HTTP cleanly without a terminal unit",
      (_, reply) => {
        reply.head(200, SSE);
        reply.chunk(delta("one"));
        reply.end();
      },
    ],
    [
      "the provider sends half a frame",
      (_, reply) => {
        reply.head(200, SSE);
        reply.chunk(delta("one"));
        reply.raw('400\r\ndata: {"choices":[{"ind');
        reply.close();
      },
    ],
    [
      "the provider breaks the framing",
      (_, reply) => {
        reply.head(200, SSE);
        reply.chunk(delta("one"));
        reply.raw("zz\r\nnonsense\r\n");
      },
    ],
  ];
  for (const [name, handler] of cuts) {
    test(`never looks complete when ${name}`, async () => {
      await start(handler);
      const { text, isClean } = await readAll(await gateway.post("/v1/chat/completions", STREAM));
      expect(isClean).toBe(false);
      expect(text).not.toContain("[DONE]");
      expect(text).toContain(delta("one"));
      const [row] = await gateway.waitForRows(1);
      expect(row).toMatchObject({ outcome: "cut", usageSource: "estimated", status: 200 });
      expect(row?.outputTokens).toBeGreaterThan(0);
      expect(await gateway.rows()).toHaveLength(1);
    });
  }

  test("tells the client of the break in its dialect, between two events only", async () => {
    await start(async (_, reply) => {
      reply.head(200, SSE);
      reply.chunk(delta("one"));
      await sleep(20);
      reply.close();
    });
    const { text } = await readAll(await gateway.post("/v1/chat/completions", STREAM));
    expect(text.slice(delta("one").length)).toMatch(
      /^data: \{"error":\{.*upstream_unreachable.*\}\}\n\n$/,
    );
    upstream.handle(async (_, reply) => {
      reply.head(200, SSE);
      reply.chunk(`${delta("one")}data: {"choices":[{"index":0,"delta"`);
      await sleep(20);
      reply.close();
    });
    const midEvent = await readAll(await gateway.post("/v1/chat/completions", STREAM));
    expect(midEvent.isClean).toBe(false);
    expect(midEvent.text).not.toContain("error");
  });

  test("with a clean end after every choice's finish reason is whole", async () => {
    await start((_, reply) => {
      reply.head(200, SSE);
      reply.chunk(delta("one") + FINISH);
      reply.end();
    });
    const { isClean } = await readAll(await gateway.post("/v1/chat/completions", STREAM));
    expect(isClean).toBe(true);
    const [row] = await gateway.rows();
    expect(row).toMatchObject({ outcome: "ok", usageSource: "estimated" });
  });

  test("with the provider's own error inside is handed on and recorded as that", async () => {
    await start((_, reply) => {
      reply.head(200, SSE);
      reply.chunk(
        `${delta("one")}data: {"error":{"message":"overloaded","type":"server_error"}}\n\n`,
      );
      reply.end();
    });
    const { text, isClean } = await readAll(await gateway.post("/v1/chat/completions", STREAM));
    expect(text).toContain("overloaded");
    expect(isClean).toBe(false);
    const [row] = await gateway.waitForRows(1);
    expect(row).toMatchObject({ outcome: "upstream_error" });
  });

  test("that the client leaves is stopped at the provider within 50 ms, billed and marked", async () => {
    let hungUp: Promise<number> = Promise.resolve(0);
    await start((request, reply) => {
      hungUp = request.hungUp;
      reply.head(200, SSE);
      reply.chunk(delta("some words that were seen"));
    });
    let requests = 0;
    const tookMs = await bestOf(50, async () => {
      requests += 1;
      const { reader } = await firstChunk(await gateway.post("/v1/chat/completions", STREAM));
      const leftAt = performance.now();
      await reader.cancel();
      return (await hungUp) - leftAt;
    });
    expect(tookMs).toBeLessThan(50);
    const [row] = await gateway.waitForRows(requests);
    expect(row).toMatchObject({ outcome: "aborted", status: 499, usageSource: "estimated" });
    expect(row?.outputTokens).toBeGreaterThan(0);
    await sleep(50);
    expect(await gateway.rows()).toHaveLength(requests);
  });

  test("that the client leaves before the first byte is stopped and recorded, too", async () => {
    let hungUp: Promise<number> = Promise.resolve(0);
    await start((request) => {
      hungUp = request.hungUp;
    });
    let requests = 0;
    const tookMs = await bestOf(50, async () => {
      requests += 1;
      const controller = new AbortController();
      const pending = gateway
        .fetch("/v1/chat/completions", {
          method: "POST",
          headers: { authorization: `Bearer ${gateway.key}` },
          body: JSON.stringify({ ...STREAM, stream: false }),
          signal: controller.signal,
        })
        .catch(() => null);
      while (upstream.requests.length < requests) await sleep(5);
      const leftAt = performance.now();
      controller.abort();
      const at = await hungUp;
      await pending;
      return at - leftAt;
    });
    expect(tookMs).toBeLessThan(50);
    const [row] = await gateway.waitForRows(1);
    expect(row).toMatchObject({ outcome: "aborted", status: 499 });
  });

  test("in silence gets comments, also before the provider's first byte", async () => {
    await start(
      async (_, reply) => {
        await sleep(250);
        reply.head(200, SSE);
        reply.chunk(delta("one"));
        await sleep(250);
        reply.chunk(FINISH + USAGE + DONE);
        reply.end();
      },
      { ANYRAY_KEEPALIVE_MS: "100" },
    );
    const { text, isClean } = await readAll(await gateway.post("/v1/chat/completions", STREAM));
    expect(isClean).toBe(true);
    const [before = "", after = ""] = text.split(delta("one"));
    expect(before).toMatch(/^(?:: keep-alive\n\n){1,3}$/);
    expect(after).toMatch(/^(?:: keep-alive\n\n){1,3}data/);
    expect(text.replaceAll(": keep-alive\n\n", "")).toBe(delta("one") + FINISH + DONE);
  });

  test("has the first comment after one time of silence, not with the second", async () => {
    await start(
      async (_, reply) => {
        await sleep(700);
        reply.head(200, SSE);
        reply.chunk(FINISH + USAGE + DONE);
        reply.end();
      },
      { ANYRAY_KEEPALIVE_MS: "400" },
    );
    const response = await gateway.post("/v1/chat/completions", STREAM);
    expect((await readAll(response)).text).toMatch(/^: keep-alive\n\n/);
  });

  test("that fails after the early 200 tells it inside the stream", async () => {
    await start(
      async (_, reply) => {
        await sleep(150);
        reply.json(429, { error: { message: "slow down", type: "rate_limit" } });
      },
      { ANYRAY_KEEPALIVE_MS: "50" },
    );
    const response = await gateway.post("/v1/chat/completions", STREAM);
    expect(response.status).toBe(200);
    const { text, isClean } = await readAll(response);
    expect(isClean).toBe(false);
    expect(text).toContain("slow down");
    const [row] = await gateway.waitForRows(1);
    expect(row).toMatchObject({ outcome: "upstream_error", upstreamStatus: 429, status: 200 });
  });

  test("pauses the provider while its client does not read", async () => {
    const piece = delta("x".repeat(16_000));
    let sent = 0;
    let isOver = false;
    await start(async (_, reply) => {
      reply.head(200, SSE);
      for (let i = 0; i < 4_000 && !isOver; i++) {
        sent += piece.length;
        if (!reply.chunk(piece)) await Promise.race([reply.drained(), sleep(3_000)]);
      }
    });
    const { reader } = await firstChunk(await gateway.post("/v1/chat/completions", STREAM));
    await sleep(400);
    const stalledAt = sent;
    await sleep(400);
    expect(sent).toBe(stalledAt);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    for (let i = 0; i < 400; i++) await reader.read();
    await sleep(100);
    expect(sent).toBeGreaterThan(stalledAt);
    isOver = true;
    await reader.cancel();
  });
});

describe("an answer of many megabytes", () => {
  const EMBEDDINGS = { model: "m", input: "x" };
  const vectors = "0.123456789,".repeat(1_000_000);
  const answer = `{"object":"list","data":[{"embedding":[${vectors}0]}],"model":"m-1","usage":{"prompt_tokens":9,"total_tokens":9}}`;

  test("passes whole, and is accounted for by what stands at its end", async () => {
    await start((_, reply) => reply.send(200, { "content-type": "application/json" }, answer));
    const { text, isClean } = await readAll(await gateway.post("/v1/embeddings", EMBEDDINGS));
    expect(isClean).toBe(true);
    expect(text === answer).toBe(true);
    const [row] = await gateway.rows();
    expect(row).toMatchObject({ outcome: "ok", inputTokens: 9, modelServed: "m-1" });
  });

  test("that breaks off never looks complete", async () => {
    await start((_, reply) => {
      reply.raw(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n`,
      );
      reply.raw(answer.slice(0, -1000));
      reply.close();
    });
    const { isClean } = await readAll(await gateway.post("/v1/embeddings", EMBEDDINGS));
    expect(isClean).toBe(false);
    const [row] = await gateway.waitForRows(1);
    expect(row).toMatchObject({ outcome: "cut" });
  });

  test("is not handed on when it refuses our credential", async () => {
    await start((_, reply) => reply.send(401, { "content-type": "application/json" }, answer));
    const response = await gateway.post("/v1/embeddings", EMBEDDINGS);
    expect([response.status, (await response.text()).length < 1000]).toEqual([502, true]);
  });
});

describe("a time-out", () => {
  const cases: readonly (readonly [string, string, Handler])[] = [
    ["timeout_first_byte", "ANYRAY_TIMEOUT_FIRST_BYTE_MS", () => undefined],
    [
      "timeout_idle",
      "ANYRAY_TIMEOUT_IDLE_MS",
      (_, reply) => {
        reply.head(200, { "content-type": "application/json" });
        reply.chunk("{");
      },
    ],
    ["timeout_total", "ANYRAY_TIMEOUT_TOTAL_MS", () => undefined],
  ];
  for (const [code, setting, handler] of cases) {
    test(`of its own kind answers ${code}`, async () => {
      await start(handler, { [setting]: "80" });
      const response = await gateway.post("/v1/chat/completions", { ...STREAM, stream: false });
      expect(response.status).toBe(504);
      expect(await response.json()).toMatchObject({ error: { code } });
      const [row] = await gateway.waitForRows(1);
      expect(row).toMatchObject({ outcome: "timeout", status: 504 });
    });
  }

  for (const [code, setting] of [
    ["timeout_idle", "ANYRAY_TIMEOUT_IDLE_MS"],
    ["timeout_total", "ANYRAY_TIMEOUT_TOTAL_MS"],
  ] as const) {
    test(`${code} in a stream is an error event and a break`, async () => {
      await start(
        (_, reply) => {
          reply.head(200, SSE);
          reply.chunk(delta("one"));
        },
        { [setting]: "80" },
      );
      const { text, isClean } = await readAll(await gateway.post("/v1/chat/completions", STREAM));
      expect(isClean).toBe(false);
      expect(text).toContain(code);
      const [row] = await gateway.waitForRows(1);
      expect(row).toMatchObject({ outcome: "timeout", status: 200 });
    });
  }
});
