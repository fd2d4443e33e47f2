/** Bodies that come while they are sent, over real sockets. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Egress, EgressError, Upload } from "../egress.ts";
import { startUpstream, type Handler, type Upstream } from "../testing/upstream.ts";
import { egressTo, sleep, until } from "./rig.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function rig(handler: Handler): Promise<{ upstream: Upstream; egress: Egress }> {
  const upstream = await startUpstream(handler);
  const egress = egressTo(upstream.url);
  open.push(
    () => upstream.stop(),
    () => egress.close(),
  );
  return { upstream, egress };
}

interface Source extends Upload {
  readonly state: { pulls: number; isCancelled: boolean };
}

/** @param pieces in order; an error breaks it, a promise makes it wait */
function source(
  sizeBytes: number | null,
  pieces: readonly (string | Error | Promise<string>)[],
): Source {
  const state = { pulls: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces[state.pulls++];
        if (piece === undefined) return controller.close();
        if (piece instanceof Error) return controller.error(piece);
        controller.enqueue(new TextEncoder().encode(await piece));
      },
      cancel() {
        state.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { sizeBytes, stream, state };
}

async function send(egress: Egress, upload: Upload, isOnce?: true): Promise<string> {
  const exchange = egress.send({
    destination: "up",
    method: "POST",
    pathAndQuery: "/v1/files",
    headers: [],
    body: [],
    upload,
    ...(isOnce === undefined ? {} : { isOnce }),
  });
  try {
    const answer = await exchange.answer;
    return await new Promise((resolve) => {
      answer.body.start({
        data: () => undefined,
        end: () => resolve(String(answer.status)),
        fail: (error) => resolve(error.kind),
      });
    });
  } catch (error) {
    return (error as EgressError).kind;
  }
}

const ok: Handler = (_, reply) => reply.json(200, {});

describe("an upload", () => {
  test("goes out piece by piece, framed by its length, or in chunks where that is not known", async () => {
    const { upstream, egress } = await rig(ok);
    const pieces = ["one ", Promise.resolve("two "), "", "three"];
    expect(await send(egress, source(13, pieces))).toBe("200");
    expect(await send(egress, source(null, pieces))).toBe("200");
    const seen = upstream.requests.map(({ headers, body }) => [
      headers.get("content-length") ?? headers.get("transfer-encoding"),
      new TextDecoder().decode(body),
    ]);
    expect(seen).toEqual([
      ["13", "one two three"],
      ["chunked", "one two three"],
    ]);
  });

  test("is read only as fast as its connection is there and takes it", async () => {
    const { egress } = await rig(ok);
    const later = Promise.withResolvers<string>();
    const slow = source(8, ["half", later.promise]);
    const answer = send(egress, slow);
    await sleep(50);
    expect(slow.state.pulls).toBe(2);
    later.resolve("more");
    expect(await answer).toBe("200");
  });

  test("that breaks, or is not as long as it said, ends the exchange, and nothing is taken for whole", async () => {
    for (const [size, pieces] of [
      [9, ["half", new Error("gone")]],
      [null, ["half", new Error("gone")]],
      [9, ["short"]],
      [3, ["longer"]],
    ] as const) {
      const { upstream, egress } = await rig(ok);
      expect(await send(egress, source(size, pieces))).toBe("cancelled");
      await sleep(20);
      expect(upstream.requests).toEqual([]);
    }
  });

  test("is let go of where the provider answers before it is whole, or closes", async () => {
    for (const [reply, result] of [
      [["HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"], "413"],
      [[], "closed"],
    ] as const) {
      const { createServer } = await import("node:net");
      const server = createServer((socket) => {
        socket.once("data", () => {
          for (const each of reply) socket.write(each);
          socket.end();
        });
        socket.on("error", () => undefined);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const port = typeof address === "object" ? address?.port : 0;
      const egress = egressTo(`http://127.0.0.1:${port}`);
      open.push(
        () => new Promise((resolve) => server.close(resolve)),
        () => egress.close(),
      );
      const endless = source(100, ["half", new Promise(() => undefined)]);
      expect(await send(egress, endless)).toBe(result);
      expect(await until(() => endless.state.isCancelled)).toBe(true);
    }
  });

  test("uses a connection of its own where it can't be sent again, and gives it back", async () => {
    const { egress } = await rig(ok);
    const connections = () => egress.report()[0]?.openConnections;
    expect(await send(egress, source(1, ["a"]))).toBe("200");
    expect(await until(() => egress.report()[0]?.idleConnections === 1)).toBe(true);
    expect(await send(egress, source(1, ["b"]))).toBe("200");
    expect(connections()).toBe(1);
    expect(await send(egress, source(1, ["c"]), true)).toBe("200");
    expect(connections()).toBe(2);
  });
});
