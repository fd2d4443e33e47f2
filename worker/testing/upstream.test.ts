/** The upstream and its scripts, seen from a bare socket: what a test relies on must itself be tested. */
import { afterEach, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers";
import { loadFixtures, type Fixture } from "./fixtures.ts";
import { fill, halfChunk, replay } from "./replay.ts";
import { SSE, startUpstream, type Handler, type Upstream } from "./upstream.ts";

const fixtures = loadFixtures();
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

async function start(handler: Handler): Promise<Upstream> {
  const upstream = await startUpstream(handler);
  open.push(upstream);
  return upstream;
}

/** A client of bytes. */
class Client {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  /** Sizes of what arrived, in order. */
  readonly pieces: number[] = [];
  /** Resolves with the error's code when the connection is gone; null for a FIN. */
  readonly closed: Promise<string | null>;

  constructor(upstream: Upstream) {
    this.socket = connect(upstream.port, "127.0.0.1");
    let code: string | null = null;
    this.socket.on("data", (data: Uint8Array) => {
      this.received = Buffer.concat([this.received, data]);
      this.pieces.push(data.length);
    });
    this.socket.on("error", (error: Error & { code?: string }) => {
      code = error.code ?? "unknown";
    });
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve(code)));
    open.push({
      stop: async () => {
        this.socket.destroy();
        await this.closed;
      },
    });
  }

  post(path: string, body = "", headers = ""): void {
    this.socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  get text(): string {
    return this.received.toString();
  }

  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await once(this.socket, "data");
  }
}

/** Undoes chunked framing; null unless it is whole. */
function unchunk(bytes: Buffer): Buffer | null {
  const chunks: Buffer[] = [];
  for (let at = bytes.indexOf("\r\n\r\n") + 4; ;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (bytes.length < line + 4 + size) return null;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}

function bodyOf(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
}

function fixtureOf(name: string): Fixture {
  const fixture = fixtures.find((each) => each.name === name);
  if (fixture === undefined) throw new Error(name);
  return fixture;
}

describe("the upstream", () => {
  test("keeps what it saw, over one connection kept alive", async () => {
    const upstream = await start((request, reply) => reply.json(200, { path: request.path }));
    const client = new Client(upstream);
    client.post("/v1/a?x=1", '{"n":"é"}', "X-Odd: one\r\n");
    await client.until('"/v1/a?x=1"');
    client.post("/v1/b");
    await client.until('"/v1/b"');
    const [first, second] = upstream.requests;
    expect([first?.method, first?.path, second?.path]).toEqual(["POST", "/v1/a?x=1", "/v1/b"]);
    expect(first?.headers.get("x-odd")).toBe("one");
    expect(new TextDecoder().decode(first?.body)).toBe('{"n":"é"}');
  });

  test("waits for the whole of a request that comes in pieces", async () => {
    const upstream = await start((_, reply) => reply.json(200, {}));
    const { socket } = new Client(upstream);
    for (const byte of "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc") {
      expect(upstream.requests).toHaveLength(0);
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(socket, "data");
    expect(new TextDecoder().decode(upstream.requests[0]?.body)).toBe("abc");
  });

  test("says when its peer has hung up", async () => {
    const upstream = await start((_, reply) => reply.head(200, SSE));
    const client = new Client(upstream);
    client.post("/");
    await client.until("\r\n\r\n");
    const leftAt = performance.now();
    client.socket.destroy();
    const seenAt = await upstream.requests[0]?.hungUp;
    expect(seenAt).toBeGreaterThanOrEqual(leftAt);
    expect(seenAt).toBeLessThan(leftAt + 1_000);
  });

  test("breaks with a reset, or closes with a FIN", async () => {
    const upstream = await start((request, reply) =>
      request.path === "/reset" ? reply.reset() : reply.close(),
    );
    const reset = new Client(upstream);
    reset.post("/reset");
    expect(await reset.closed).toBe("ECONNRESET");
    const closed = new Client(upstream);
    closed.post("/close");
    await once(closed.socket, "end");
    closed.socket.end();
    expect(await closed.closed).toBeNull();
  });
});

describe("a replayed fixture", () => {
  for (const name of [
    "openai-chat/crlf.sse",
    "anthropic-messages/web-search.sse",
    "openai-responses/plain.body",
  ]) {
    test(`${name} arrives byte for byte, in each framing`, async () => {
      const fixture = fixtureOf(name);
      const upstream = await start(replay(fixture, { splitEvery: 97 }));
      const chunked = new Client(upstream);
      chunked.post("/");
      await chunked.until("\r\n0\r\n\r\n");
      expect(unchunk(chunked.received)).toEqual(Buffer.from(fixture.bytes));
      expect(chunked.text).toContain(`content-type: ${fixture.contentType}\r\n`);

      upstream.handle(replay(fixture, { framing: "close", splitEvery: 1_000 }));
      const closed = new Client(upstream);
      closed.post("/");
      await once(closed.socket, "end");
      expect(bodyOf(closed.received)).toEqual(Buffer.from(fixture.bytes));

      upstream.handle(replay(fixture, { framing: "length" }));
      const counted = new Client(upstream);
      counted.post("/");
      while (bodyOf(counted.received).length < fixture.bytes.length)
        await once(counted.socket, "data");
      expect(counted.text).toContain(`content-length: ${fixture.bytes.length}\r\n`);
      expect(bodyOf(counted.received)).toEqual(Buffer.from(fixture.bytes));
    });
  }

  test("arrives in the pieces asked for, in the time asked for", async () => {
    const fixture = { ...fixtureOf("openai-chat/plain.sse"), bytes: new Uint8Array(40).fill(0x61) };
    const upstream = await start(
      replay(fixture, { splitEvery: 10, delayMs: 10, framing: "close" }),
    );
    const client = new Client(upstream);
    const startedAt = performance.now();
    client.post("/");
    await once(client.socket, "end");
    // A busy machine may join some of them on the way.
    expect(client.pieces.length).toBeGreaterThan(2);
    expect(bodyOf(client.received)).toHaveLength(40);
    expect(performance.now() - startedAt).toBeGreaterThan(35);
  });

  test("breaks where it is cut, and tells no end", async () => {
    const fixture = fixtureOf("openai-chat/plain.sse");
    const upstream = await start(replay(fixture, { cutAt: 500, splitEvery: 200 }));
    const client = new Client(upstream);
    client.post("/");
    await once(client.socket, "end");
    expect(unchunk(client.received)).toBeNull();
    expect(
      client.text.endsWith(new TextDecoder().decode(fixture.bytes.subarray(480, 500)) + "\r\n"),
    ).toBe(true);
  });

  test("has the status of an error", async () => {
    const upstream = await start(replay(fixtureOf("anthropic-messages/error.body")));
    const client = new Client(upstream);
    client.post("/");
    await client.until("\r\n0\r\n\r\n");
    expect(client.text.startsWith("HTTP/1.1 529 ")).toBe(true);
  });
});

describe("misbehaviour", () => {
  test("half a chunk is shorter than it says", async () => {
    const upstream = await start((_, reply) => {
      reply.head(200, SSE);
      halfChunk(reply, new Uint8Array(20).fill(0x62));
    });
    const client = new Client(upstream);
    client.post("/");
    await once(client.socket, "end");
    expect(client.text.endsWith("\r\n\r\n14\r\nbbbbbbbbbb")).toBe(true);
  });

  test("a peer that does not read stops the flow; one that reads does not", async () => {
    const accepted: number[] = [];
    const done: (() => void)[] = [];
    const upstream = await start(async (request, reply) => {
      reply.head(200, SSE);
      const options = { maxBytes: 32 * 1024 * 1024, quietMs: 100 };
      accepted.push(await fill(reply, options));
      done.shift()?.();
      if (request.path === "/reads") reply.end();
    });
    const run = async (path: string): Promise<void> => {
      const finished = new Promise<void>((resolve) => done.push(resolve));
      const socket = connect(upstream.port, "127.0.0.1");
      if (path === "/reads") socket.on("data", () => undefined);
      else socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\n\r\n`);
      await finished;
      socket.destroy();
    };
    await run("/stalls");
    await run("/reads");
    const [stalled = 0, read = 0] = accepted;
    expect(stalled).toBeLessThan(20 * 1024 * 1024);
    expect(read).toBe(32 * 1024 * 1024);
  });
});
