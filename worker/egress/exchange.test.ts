/** One request and its answer, over real sockets: how it ends when the other side, the caller or the coding fails. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import process from "node:process";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Egress, EgressOptions } from "../egress.ts";
import { startUpstream, type Handler, type Upstream } from "../testing/upstream.ts";
import { egressTo, exchange, send, sleep, until } from "./rig.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const open: (() => unknown)[] = [];
/** What nobody caught. */
const loose: unknown[] = [];
const onLoose = (error: unknown): void => void loose.push(error);

beforeEach(() => {
  process.on("unhandledRejection", onLoose);
  process.on("uncaughtException", onLoose);
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await sleep(5);
  process.off("unhandledRejection", onLoose);
  process.off("uncaughtException", onLoose);
  expect(loose.splice(0)).toEqual([]);
});

async function rig(
  handler: Handler,
  options: Partial<EgressOptions> = {},
): Promise<{ upstream: Upstream; egress: Egress }> {
  const upstream = await startUpstream(handler);
  const egress = egressTo(upstream.url, options);
  open.push(
    () => upstream.stop(),
    () => egress.close(),
  );
  return { upstream, egress };
}

const raw =
  (...bytes: readonly (string | Uint8Array)[]): Handler =>
  (_, reply) => {
    for (const each of bytes) reply.raw(each);
  };

/** Collects what a sink hears, as text; `each` may act on a chunk. */
function listener(each: (chunk: Uint8Array) => unknown = () => undefined) {
  const heard: string[] = [];
  let bytes = 0;
  return {
    heard,
    get bytes() {
      return bytes;
    },
    sink: {
      data(chunk: Uint8Array) {
        bytes += chunk.length;
        heard.push(Buffer.from(chunk).toString());
        each(chunk);
      },
      end: () => void heard.push("(end)"),
      fail: (error: { readonly kind: string }) => void heard.push(`(${error.kind})`),
    },
  };
}

describe("an answer", () => {
  test("that ends by the close is whole after an orderly close, and cut after a reset", async () => {
    const { egress, upstream } = await rig((_, reply) => {
      reply.raw(`${OK}\r\nhello`);
      reply.close();
    });
    expect(await exchange(egress)).toMatchObject({ text: "hello" });
    upstream.handle((_, reply) => {
      reply.raw(`${OK}\r\nhello`);
      setTimeout(() => reply.reset(), 20);
    });
    expect(await exchange(egress)).toBe("cut after 5");
  });

  test("that ends before its length or its last chunk is cut, however politely", async () => {
    for (const head of [
      "content-length: 9\r\n\r\nhello",
      "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ]) {
      const { egress } = await rig((_, reply) => {
        reply.raw(OK + head);
        reply.close();
      });
      expect(await exchange(egress)).toBe("cut after 5");
    }
  });

  test("whose head breaks off is malformed, and no answer at all is `closed`", async () => {
    const { egress, upstream } = await rig((_, reply) => {
      reply.raw("HTTP/1.1 20");
      reply.close();
    });
    expect(await exchange(egress)).toBe("malformed");
    for (const act of ["close", "reset"] as const) {
      upstream.handle((_, reply) => reply[act]());
      expect(await exchange(egress)).toBe("closed");
    }
  });

  test("whose head stalls runs out of time, also behind an interim answer", async () => {
    for (const bytes of ["", "HTTP/1.1 2", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"]) {
      const { egress } = await rig(raw(bytes), { firstByteMs: 60 });
      expect(await exchange(egress)).toBe("timeout_first_byte");
      expect(await until(() => egress.report()[0]?.openConnections === 0)).toBe(true);
    }
  });

  test("has no time-out once its head is in", async () => {
    const { egress } = await rig(
      async (_, reply) => {
        reply.head(200, {});
        await sleep(120);
        reply.chunk("late");
        reply.end();
      },
      { firstByteMs: 60 },
    );
    expect(await exchange(egress)).toMatchObject({ text: "late" });
  });

  test("is delivered as it arrives: no chunk waits for the next", async () => {
    const { egress } = await rig(async (_, reply) => {
      reply.head(200, {});
      for (const chunk of ["a", "b", "c"]) {
        reply.chunk(chunk);
        await sleep(40);
      }
      reply.end();
    });
    const { heard, sink } = listener();
    (await send(egress).answer).body.start(sink);
    await sleep(20);
    expect(heard).toEqual(["a"]);
    expect(await until(() => heard.length === 4)).toBe(true);
    expect(heard).toEqual(["a", "b", "c", "(end)"]);
  });

  test("keeps the bytes it delivered: no buffer is used twice", async () => {
    const letters = Array.from({ length: 50 }, (_, i) =>
      String.fromCharCode(65 + (i % 26)).repeat(1000),
    );
    const { egress } = await rig(async (_, reply) => {
      reply.head(200, {});
      for (const chunk of letters) {
        reply.chunk(chunk);
        await sleep(1);
      }
      reply.end();
    });
    const kept: Uint8Array[] = [];
    const answer = await send(egress).answer;
    await new Promise<void>((resolve, reject) =>
      answer.body.start({ data: (chunk) => void kept.push(chunk), end: resolve, fail: reject }),
    );
    expect(Buffer.concat(kept).toString()).toBe(letters.join(""));
  });

  test("before the request has been read is delivered, and its connection not used again", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const egress = egressTo(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
    open.push(
      () => void server.close(),
      () => egress.close(),
    );
    const body = [Buffer.alloc(30_000_000, 65)];
    for (let i = 0; i < 2; i++) {
      expect(await exchange(egress, { body })).toMatchObject({ status: 413, text: "no" });
    }
    expect(connections).toBe(2);
    expect(egress.report()[0]).toMatchObject({ idleConnections: 0 });
    // Only what was taken off our hands counts as sent.
    expect(egress.report()[0]?.bytesSent).toBeLessThan(60_000_000);
  });

  test("has its time from when the request has left: a slow upload is no slow answer", async () => {
    const size = 60_000_000;
    const server = createServer((socket) => {
      let got = 0;
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Uint8Array) => {
        got += chunk.length;
        socket.pause();
        // 100 MB a second.
        setTimeout(() => socket.resume(), chunk.length / 100_000);
        if (got > size) socket.write(`${OK}content-length: 0\r\n\r\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const egress = egressTo(origin, { firstByteMs: 300 });
    open.push(
      () => void server.close(),
      () => egress.close(),
    );
    const start = performance.now();
    expect(await exchange(egress, { body: [Buffer.alloc(size)] })).toMatchObject({ status: 200 });
    // Else the test would prove nothing.
    expect(performance.now() - start).toBeGreaterThan(300);
  });
});

describe("back-pressure", () => {
  test("reaches the provider while the sink is paused, and nothing is lost by it", async () => {
    const size = 30_000_000;
    let written = 0;
    const { egress } = await rig(async (_, reply) => {
      reply.raw(`${OK}content-length: ${size}\r\n\r\n`);
      const block = Buffer.alloc(50_000, 66);
      for (; written < size; written += block.length) {
        reply.raw(block);
        if (written % 500_000 === 0) await sleep(1);
        if (egress.report()[0]?.openConnections === 0) return;
      }
    });
    const answer = await send(egress).answer;
    let received = 0;
    let hasEnded = false;
    answer.body.start({
      data(chunk) {
        received += chunk.length;
        if (received < 100_000) answer.body.pause();
      },
      end: () => void (hasEnded = true),
      fail: () => undefined,
    });
    await sleep(100);
    expect(egress.report()[0]?.bytesReceived).toBeLessThan(1_000_000);
    answer.body.resume();
    while (received < 100_000) {
      answer.body.resume();
      await sleep(1);
    }
    answer.body.resume();
    expect(await until(() => hasEnded)).toBe(true);
    expect(received).toBe(size);
  });

  test("reaches the provider through a decoder, too", async () => {
    // What can't be packed: as much goes in as comes out.
    const plain = randomBytes(12_000_000);
    const { egress } = await rig((_, reply) =>
      reply.send(200, { "content-encoding": "gzip" }, gzipSync(plain, { level: 1 })),
    );
    const answer = await send(egress).answer;
    const told = listener(() => told.bytes < 200_000 && answer.body.pause());
    answer.body.start(told.sink);
    await sleep(100);
    expect(egress.report()[0]?.bytesReceived).toBeLessThan(2_000_000);
    while (told.bytes < 200_000) {
      answer.body.resume();
      await sleep(1);
    }
    answer.body.resume();
    expect(await until(() => told.heard.at(-1) === "(end)")).toBe(true);
    expect(told.bytes).toBe(plain.length);
  });

  test("does not lose an end that came in the meantime", async () => {
    for (const head of ["content-length: 200000\r\n\r\n", "\r\n"]) {
      const { egress } = await rig((_, reply) => {
        reply.raw(OK + head + "z".repeat(200_000));
        reply.close();
      });
      const answer = await send(egress).answer;
      answer.body.pause();
      const told = listener();
      answer.body.start(told.sink);
      await sleep(50);
      expect(told.heard.at(-1)).not.toBe("(end)");
      answer.body.resume();
      expect(await until(() => told.heard.at(-1) === "(end)")).toBe(true);
      expect(told.bytes).toBe(200_000);
    }
  });

  test("holds before anybody listens, decoded or not", async () => {
    const plain = Buffer.alloc(20_000_000);
    const packed = gzipSync(plain);
    const { egress, upstream } = await rig((_, reply) =>
      reply.send(200, { "content-encoding": "gzip" }, packed),
    );
    for (const limit of [1_000_000, 1_000_000]) {
      const answer = await send(egress).answer;
      await sleep(60);
      const early = listener();
      answer.body.start(early.sink);
      expect(early.bytes).toBeLessThan(limit);
      expect(await until(() => early.heard.at(-1) === "(end)")).toBe(true);
      expect(early.bytes).toBe(plain.length);
      upstream.handle((_, reply) => reply.send(200, {}, plain));
    }
  });
});

describe("a cancel", () => {
  test("reaches the provider at once, at any time and more than once", async () => {
    let hungUp: Promise<number> = Promise.resolve(0);
    const { egress, upstream } = await rig((request) => {
      hungUp = request.hungUp;
    });
    const sent = send(egress);
    expect(await until(() => upstream.requests.length === 1)).toBe(true);
    const at = performance.now();
    sent.cancel();
    sent.cancel();
    await expect(sent.answer).rejects.toThrow("upstream cancelled");
    expect((await hungUp) - at).toBeLessThan(50);
  });

  test("of what nobody waits for troubles nobody", async () => {
    const { egress, upstream } = await rig(() => undefined);
    const sent = send(egress);
    expect(await until(() => upstream.requests.length === 1)).toBe(true);
    // That nothing is left uncaught is checked behind every test.
    sent.cancel();
    await sleep(20);
    await expect(sent.answer).rejects.toThrow("cancelled");
  });

  test("before there is a connection leaves none behind", async () => {
    const { egress, upstream } = await rig(raw(`${OK}content-length: 0\r\n\r\n`));
    const sent = send(egress);
    sent.cancel();
    await expect(sent.answer).rejects.toThrow("cancelled");
    await sleep(20);
    expect(upstream.requests).toHaveLength(0);
    expect(egress.report()[0]).toMatchObject({ openConnections: 0, bytesSent: 0 });
  });

  const PIECES = "transfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n";

  test("is the last that a sink hears, in the middle of what was read", async () => {
    const { egress } = await rig(async (_, reply) => {
      reply.raw(`${OK}transfer-encoding: chunked\r\n\r\n`);
      await sleep(20);
      reply.raw(PIECES.slice(PIECES.indexOf("1\r\na")));
    });
    const sent = send(egress);
    const told = listener(() => sent.cancel());
    (await sent.answer).body.start(told.sink);
    await sleep(50);
    expect(told.heard).toEqual(["a", "(cancelled)"]);
  });

  test("is the last that a sink hears, in the middle of what had waited for it", async () => {
    const { egress } = await rig(raw(OK + PIECES));
    const sent = send(egress);
    const answer = await sent.answer;
    await sleep(20);
    const told = listener(() => sent.cancel());
    answer.body.start(told.sink);
    await sleep(20);
    expect(told.heard).toEqual(["a", "(cancelled)"]);
  });

  test("before the sink has started is what the sink hears then", async () => {
    const { egress } = await rig(raw(OK + PIECES));
    const sent = send(egress);
    const answer = await sent.answer;
    await sleep(20);
    sent.cancel();
    const told = listener();
    answer.body.start(told.sink);
    expect(told.heard).toEqual(["(cancelled)"]);
  });

  test("after the end is nothing", async () => {
    const { egress } = await rig(raw(OK + PIECES));
    const sent = send(egress);
    const told = listener();
    (await sent.answer).body.start(told.sink);
    expect(await until(() => told.heard.at(-1) === "(end)")).toBe(true);
    sent.cancel();
    await sleep(10);
    expect(told.heard.join("")).toBe("abc(end)");
    expect(egress.report()[0]).toMatchObject({ idleConnections: 1 });
  });

  test("stops the decoding of what has long arrived", async () => {
    const packed = gzipSync(Buffer.alloc(20_000_000));
    const { egress } = await rig((_, reply) =>
      reply.send(200, { "content-encoding": "gzip" }, packed),
    );
    const sent = send(egress);
    const told = listener(() => sent.cancel());
    (await sent.answer).body.start(told.sink);
    await sleep(100);
    expect(told.bytes).toBeLessThan(1_000_000);
    expect(told.heard.at(-1)).toBe("(cancelled)");
  });
});

describe("a coding that was not asked for", () => {
  const text = "hello ".repeat(10_000);
  const CODINGS = [
    ["gzip", gzipSync(text)],
    ["X-GZIP", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["br", brotliCompressSync(text)],
  ] as const;

  for (const [coding, packed] of CODINGS) {
    test(`${coding} is undone, with the headers that speak of it`, async () => {
      const { egress } = await rig((_, reply) =>
        reply.send(200, { "content-encoding": coding, "content-type": "text/plain" }, packed),
      );
      const told = await exchange(egress);
      expect(told).toMatchObject({ status: 200, text });
      expect(typeof told === "string" ? [] : [...told.headers.keys()]).toEqual(["content-type"]);
      expect(egress.report()[0]).toMatchObject({ idleConnections: 1 });
    });
  }

  test("that is broken is malformed, and lets go of a connection that would go on", async () => {
    const { egress } = await rig(async (request, reply) => {
      reply.raw(`${OK}content-encoding: gzip\r\n\r\nno gzip at all`);
      let isOpen = true;
      void request.hungUp.then(() => (isOpen = false));
      while (isOpen) {
        reply.raw(Buffer.alloc(60_000));
        await sleep(5);
      }
    });
    expect(await exchange(egress)).toBe("malformed after 0");
    expect(await until(() => egress.report()[0]?.openConnections === 0)).toBe(true);
  });

  test("that is incomplete though the message is complete is malformed", async () => {
    const packed = gzipSync(text);
    const { egress } = await rig((_, reply) =>
      reply.send(200, { "content-encoding": "gzip" }, packed.subarray(0, packed.length - 4)),
    );
    expect(await exchange(egress)).toMatch(/^malformed/);
  });

  test("of a message that breaks off stays a cut", async () => {
    const packed = gzipSync(text);
    const { egress } = await rig((_, reply) => {
      reply.raw(`${OK}content-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
      reply.raw(packed.subarray(0, 30));
      reply.close();
    });
    expect(await exchange(egress)).toMatch(/^cut/);
  });

  test("is left alone where there is no body, and where nobody here knows it", async () => {
    const { egress, upstream } = await rig(
      raw(`${OK}content-encoding: gzip\r\ncontent-length: 20\r\n\r\n`),
    );
    const head = await exchange(egress, { method: "HEAD", body: [] });
    expect(typeof head === "string" ? head : head.headers.get("content-length")).toBe("20");
    upstream.handle(raw("HTTP/1.1 204 No\r\ncontent-encoding: gzip\r\n\r\n"));
    expect(await exchange(egress)).toMatchObject({ status: 204, text: "" });
    for (const coding of ["zstd", "gzip, br", "identity"]) {
      upstream.handle((_, reply) => reply.send(200, { "content-encoding": coding }, "as it is"));
      const told = await exchange(egress);
      expect(told).toMatchObject({ text: "as it is" });
      expect(typeof told === "string" ? told : told.headers.get("content-encoding")).toBe(coding);
    }
  });
});
