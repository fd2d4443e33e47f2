/** Uploads and downloads through the process itself, over real sockets: back-pressure both ways, hang-ups, a kill. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import { until } from "./until.ts";

const MB = 1024 * 1024;
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const directory = temporaryDirectory();
let handler: Handler = (_, response) => void response.end("{}");
let upstream: Server;
let gateway: GatewayProcess;
const clients: Socket[] = [];

const start = () => {
  const { port } = upstream.address() as AddressInfo;
  return startGateway({
    dataDir: directory.path,
    providers: {
      one: {
        kind: "openai-compatible",
        base_url: `http://127.0.0.1:${port}/v1`,
        api_key: "sk-up",
        capabilities: { endpoints: ["audio", "files"] },
      },
    },
    env: { ANYRAY_MAX_BODY_BYTES: String(256 * MB), ANYRAY_CONTENT_MODE: "off" },
  });
};
beforeAll(async () => {
  upstream = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  gateway = await start();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterAll(async () => {
  await gateway.stop();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
  directory.remove();
});

interface Client {
  readonly socket: Socket;
  /** Of the body, so far. */
  sentBytes(): number;
  /** All that came back, once the other side has ended it, or it has all of a short answer. */
  readonly answered: Promise<string>;
}

/** Sends a body as fast as it is taken. @param announced null: in chunks */
function send(path: string, bytes: number, announced: number | null): Client {
  const { hostname, port } = new URL(gateway.url);
  const piece = new Uint8Array(64 * 1024).fill(7);
  let sent = 0;
  const socket = connect(Number(port), hostname);
  clients.push(socket);
  const framing =
    announced === null ? "transfer-encoding: chunked" : `content-length: ${announced}`;
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.clientKey}\r\nconnection: close\r\n${framing}\r\n\r\n`,
  );
  const more = (): void => {
    while (sent < bytes) {
      const part = piece.subarray(0, Math.min(piece.length, bytes - sent));
      sent += part.length;
      if (announced === null) socket.write(`${part.length.toString(16)}\r\n`);
      const isTaken = socket.write(part);
      if (announced === null) socket.write("\r\n");
      if (!isTaken) return void socket.once("drain", more);
    }
    if (announced === null) socket.write("0\r\n\r\n");
  };
  more();
  const answered = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (data: Uint8Array) => {
      text += String(data);
      if (/\r\n\r\n[\s\S]*[}]/.test(text)) resolve(text);
    });
    socket.on("close", () => resolve(text));
    socket.on("error", () => resolve(text));
  });
  return { socket, sentBytes: () => sent, answered };
}

/** Counts a request's body. */
function counting(request: IncomingMessage) {
  const seen = { bytes: 0, isSame: true, isGone: false };
  request.on("data", (data: Uint8Array) => {
    seen.bytes += data.length;
    seen.isSame &&= data.every((byte) => byte === 7);
  });
  request.on("close", () => (seen.isGone = !request.complete));
  return seen;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const newest = async () => (await gateway.records()).at(0);

describe("an upload", () => {
  for (const [how, isChunked] of [
    ["of a length that was said before", false],
    ["in chunks", true],
  ] as const) {
    test(`${how} arrives whole`, async () => {
      let seen = { bytes: 0, isSame: false };
      let framing: string | undefined;
      handler = (request, response) => {
        seen = counting(request);
        framing = request.headers["transfer-encoding"] ?? request.headers["content-length"];
        request.on("end", () => response.end('{"id":"file-1"}'));
      };
      const client = send("/v1/files", 5 * MB + 1, isChunked ? null : 5 * MB + 1);
      expect(await client.answered).toMatch(/^HTTP\/1\.1 200/);
      expect(seen).toMatchObject({ bytes: 5 * MB + 1, isSame: true });
      expect(framing).toBe(isChunked ? "chunked" : String(5 * MB + 1));
      expect(await newest()).toMatchObject({ endpoint: "files", outcome: "ok", unpriced: true });
    });
  }

  test("waits for a provider that does not read, and is not kept in memory meanwhile", async () => {
    const reading = Promise.withResolvers<void>();
    let seen = { bytes: 0 };
    handler = (request, response) => {
      request.pause();
      void reading.promise.then(() => {
        seen = counting(request);
        request.resume();
        request.on("end", () => response.end("{}"));
      });
    };
    const size = 128 * MB;
    const client = send("/v1/audio/transcriptions", size, size);
    await sleep(1_500);
    // What the sockets' own buffers hold, on both sides of the gateway.
    expect(client.sentBytes()).toBeLessThan(32 * MB);
    reading.resolve();
    expect(await client.answered).toMatch(/^HTTP\/1\.1 200/);
    expect(seen.bytes).toBe(size);
  });

  test("that its client leaves ends at the provider, too, and is written down as that", async () => {
    let seen = { isGone: false };
    handler = (request) => {
      seen = counting(request);
    };
    const client = send("/v1/audio/translations", 1 * MB, 2 * MB);
    await until(async () => (client.sentBytes() === 1 * MB ? true : null));
    await sleep(100);
    client.socket.destroy();
    await until(async () => (seen.isGone ? true : null));
    const row = await until(async () => {
      const found = await newest();
      return found?.endpoint === "audio" && found.outcome !== "ok" ? found : null;
    });
    expect(row).toMatchObject({ outcome: "aborted", status: 499 });
  });

  test("in chunks, larger than the limit, is broken off and refused", async () => {
    let seen = { isGone: false };
    handler = (request) => {
      seen = counting(request);
    };
    const client = send("/v1/files", 300 * MB, null);
    expect(await client.answered).toMatch(/^$|^HTTP\/1\.1 413/);
    await until(async () => (seen.isGone ? true : null));
  });
});

describe("a download", () => {
  test("waits for a client that does not read, and ends at the provider when the client leaves", async () => {
    let written = 0;
    let isGone = false;
    handler = (_, response) => {
      response.writeHead(200, { "content-type": "audio/mpeg" });
      const piece = new Uint8Array(64 * 1024);
      const more = (): void => {
        while (written < 256 * MB) {
          written += piece.length;
          if (!response.write(piece)) return void response.once("drain", more);
        }
        response.end();
      };
      response.on("close", () => (isGone = true));
      more();
    };
    const client = send("/v1/audio/transcriptions", 10, 10);
    client.socket.pause();
    await until(async () => (written > 0 ? true : null));
    await sleep(1_000);
    expect(written).toBeLessThan(64 * MB);
    client.socket.destroy();
    await until(async () => (isGone ? true : null));
    const row = await until(async () => {
      const found = await newest();
      return found?.outcome === "aborted" ? found : null;
    });
    expect(row).toMatchObject({ endpoint: "audio", status: 499, unpriced: true });
  });
});

describe("a kill", () => {
  test("in the midst of it leaves a row, unpriced", async () => {
    const arrived = Promise.withResolvers<void>();
    handler = () => arrived.resolve();
    send("/v1/audio/transcriptions", 10, 10);
    await arrived.promise;
    await gateway.kill();
    gateway = await start();
    expect(await newest()).toMatchObject({
      endpoint: "audio",
      outcome: "crashed",
      usage_source: "none",
      unpriced: true,
      cost_usd: null,
      input_tokens: 0,
    });
  });
});
