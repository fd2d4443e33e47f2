/** The process itself: its listener under abuse, its start with faults, its end with live streams, its disk when it is full. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { connect } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bestOf } from "./best-of.ts";
import { providersAt } from "./gateway.ts";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import { until } from "./until.ts";
import { SSE, startUpstream, type Upstream } from "./upstream.ts";

const directory = temporaryDirectory();
let upstream: Upstream;
let gateway: GatewayProcess;
const DELTA = 'data: {"model":"m","choices":[{"index":0,"delta":{"content":"one two three"}}]}\n\n';

beforeAll(async () => {
  upstream = await startUpstream((_, reply) => {
    reply.head(200, SSE);
    reply.chunk(DELTA);
  });
  gateway = await startGateway({
    dataDir: directory.path,
    providers: JSON.parse(providersAt(upstream.url)),
    env: { ANYRAY_DRAIN_MS: "300" },
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  directory.remove();
});

/** Sends raw bytes; the status of what comes back, or `closed`. */
async function sendRaw(pieces: readonly string[]): Promise<number | "closed"> {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(await firstOfAnswer(pieces))?.[1];
  return status === undefined ? "closed" : Number(status);
}

/** Sends raw bytes; the first piece of what comes back, empty if nothing does. */
function firstOfAnswer(pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname, () => {
      for (const piece of pieces) socket.write(piece);
    });
    let answer = "";
    const finish = (): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.on("data", (chunk: Uint8Array) => {
      answer += String(chunk);
      finish();
    });
    socket.on("error", finish);
    socket.on("close", finish);
  });
}

const post = (body: string) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.clientKey}` },
    body,
  });
const STREAM = JSON.stringify({ model: "m", stream: true, messages: [] });

describe("the listener", () => {
  const head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n";
  const ABUSE: readonly (readonly [string, readonly string[]])[] = [
    [
      "10,000 headers",
      [head, ...Array.from({ length: 10_000 }, (_, i) => `x-h${i}: 1\r\n`), "\r\n"],
    ],
    ["a header of 1 MiB", [head, `x-big: ${"x".repeat(1 << 20)}\r\n\r\n`]],
    ["no HTTP at all", ["hello\r\n\r\n"]],
    ["a content-length that is none", [head, "content-length: abc\r\n\r\n{}"]],
  ];
  for (const [name, pieces] of ABUSE) {
    test(`refuses ${name} and lives`, async () => {
      expect([400, 413, 431, 505, "closed"]).toContain(await sendRaw(pieces));
      expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    });
  }

  test("refuses a body of 33 MiB in the dialect", async () => {
    const response = await post("x".repeat(33 * 1024 * 1024));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: "body_too_large" } });
  });

  test("says so itself, however large the body is, and on the admin plane, too", async () => {
    const length = `content-length: ${500 * 1024 * 1024}\r\n\r\n{`;
    const asked = `${head}authorization: Bearer ${gateway.clientKey}\r\n`;
    expect(await firstOfAnswer([asked, length])).toContain('"code":"body_too_large"');
    const changed = `POST /admin/keys HTTP/1.1\r\nHost: x\r\nauthorization: Bearer ${gateway.adminToken}\r\n`;
    expect(await firstOfAnswer([changed, length])).toContain('"code":"body_too_large"');
  });

  test("refuses a `Host` that is none by its name, in the dialect, wherever it leads", async () => {
    for (const host of ["a b", "[::1", "%", "localhost:99999", "", "a@b", "x#"]) {
      for (const path of ["/livez", "/v1/models", "/xx/admin/spend"]) {
        const answer = await firstOfAnswer([`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`]);
        expect([host, path, answer.slice(9, 12)]).toEqual([host, path, "400"]);
        expect(answer.toLowerCase()).toContain("x-request-id: req_");
        expect(answer).toContain("The request is not valid (host).");
      }
    }
    const asked = "POST /v1/messages HTTP/1.1\r\nHost: a b\r\ncontent-length: 2\r\n\r\n{}";
    expect(await firstOfAnswer([asked])).toContain('"type":"invalid_request_error"');
    const changed = "POST /admin/keys HTTP/1.1\r\nHost: a b\r\ncontent-length: 2\r\n\r\n{}";
    expect(await sendRaw([changed])).toBe(400);
  });

  test("is not led around the admin plane's guard by a short host name", async () => {
    const status = await sendRaw(["GET /xx/admin/spend HTTP/1.1\r\nHost: x\r\n\r\n"]);
    expect(status).toBe(404);
    expect(await sendRaw(["GET /admin/spend HTTP/1.1\r\nHost: x\r\n\r\n"])).toBe(401);
  });

  test("tells the provider of a hang-up within 50 ms", async () => {
    const tookMs = await bestOf(50, async () => {
      const controller = new AbortController();
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.clientKey}` },
        body: STREAM,
        signal: controller.signal,
      });
      await response.body?.getReader().read();
      const leftAt = performance.now();
      controller.abort();
      return ((await upstream.requests.at(-1)?.hungUp) ?? Infinity) - leftAt;
    });
    expect(tookMs).toBeLessThan(50);
  });
});

describe("the start", () => {
  const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
  function run(env: Record<string, string>): Promise<{ code: number | null; text: string }> {
    return new Promise((resolve) => {
      const child = spawn("bun", [MAIN], { env: { PATH: process.env["PATH"], ...env } });
      let text = "";
      child.stdout.on("data", (chunk: Uint8Array) => (text += String(chunk)));
      child.stderr.on("data", (chunk: Uint8Array) => (text += String(chunk)));
      child.once("close", (code) => resolve({ code, text }));
    });
  }

  test("lists every fault at once, by variable, and quotes no secret", async () => {
    const { code, text } = await run({
      ANYRAY_DATA_DIR: directory.path,
      ANYRAY_PORT: "http",
      ANYRAY_LEDGER_SINC: "full",
      ANYRAY_CONTENT_KEY: "not-a-key-but-secret",
      ANYRAY_PROVIDERS: '{"x":{"kind":"openai-compatible"}}',
    });
    expect(code).toBe(1);
    for (const name of [
      "ANYRAY_PORT",
      "ANYRAY_LEDGER_SINC",
      "ANYRAY_CONTENT_KEY",
      "ANYRAY_PROVIDERS.x.base_url",
    ]) {
      expect(text).toContain(name);
    }
    expect(text).not.toContain("not-a-key-but-secret");
  });

  test("is refused on a data directory that another gateway has", async () => {
    const { code, text } = await run({ ANYRAY_DATA_DIR: directory.path, ANYRAY_PORT: "0" });
    expect(code).toBe(1);
    expect(text).toContain("in use by another gateway");
  });

  test("is refused on a port that another gateway has", async () => {
    const other = temporaryDirectory();
    const { code } = await run({
      ANYRAY_DATA_DIR: other.path,
      ANYRAY_PORT: new URL(gateway.url).port,
    });
    other.remove();
    expect(code).toBe(1);
  });
});

describe("the end", () => {
  test("waits for live streams, tells others that it drains, then breaks off what is left and writes its rows", async () => {
    const own = temporaryDirectory();
    const settings = {
      dataDir: own.path,
      providers: JSON.parse(providersAt(upstream.url)),
      env: { ANYRAY_DRAIN_MS: "1500" },
    };
    const ending = await startGateway(settings);
    const response = await fetch(`${ending.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${ending.clientKey}` },
      body: STREAM,
    });
    const text = response.text().then(
      () => "whole",
      () => "broken",
    );
    const startedAt = performance.now();
    const stopped = ending.stop();
    await until(async () => ((await fetch(`${ending.url}/readyz`)).status === 503 ? true : null));
    const late = await fetch(`${ending.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${ending.clientKey}` },
      body: STREAM,
    });
    expect([late.status, (await late.json()).error.code]).toEqual([503, "draining"]);
    expect(await stopped).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThan(1_450);
    expect(await text).toBe("broken");
    const again = await startGateway(settings);
    expect(await again.records()).toMatchObject([{ outcome: "aborted" }]);
    await again.stop();
    own.remove();
  });
});

test("who keeps sending keys that are none is told to wait; a valid key from there is not", async () => {
  // A gateway of its own: for a minute it says nothing else to strangers from here.
  const data = temporaryDirectory();
  const own = await startGateway({ dataDir: data.path, providers: { demo: { kind: "demo" } } });
  const guess = () =>
    fetch(`${own.url}/v1/models`, { headers: { authorization: "Bearer ark_guess" } });
  const statuses: number[] = [];
  for (let n = 0; n < 302; n++) statuses.push((await guess()).status);
  expect(statuses.slice(0, 300)).toEqual(Array.from({ length: 300 }, () => 401));
  const refused = await guess();
  expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
  expect((await refused.json()).error.code).toBe("rate_limited");
  const headers = { authorization: `Bearer ${own.clientKey}` };
  expect((await fetch(`${own.url}/v1/models`, { headers })).status).toBe(200);
  // Nothing is guessed by asking without one.
  expect((await fetch(`${own.url}/v1/models`)).status).toBe(401);
  await own.stop();
  data.remove();
});
