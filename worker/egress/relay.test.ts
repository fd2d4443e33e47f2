/** Raw bytes through the door: both ways, counted, and to destinations alone. */
import { afterEach, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { createEgress, type Egress } from "../egress.ts";
import { listenForRelay } from "./relay.ts";
import { until } from "./rig.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A place inside that answers each line with itself, and ends when its caller does. */
function startEcho(
  onSocket: (socket: Socket) => void = (socket) => socket.pipe(socket),
): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      onSocket(socket);
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
    open.push(() => server.close());
  });
}

async function startRelay(
  insidePort: number,
  name = "inside",
): Promise<{ port: number; egress: Egress }> {
  const egress = createEgress({
    destinations: [
      {
        name: "inside",
        origin: `http://localhost:${insidePort}`,
        reason: "test",
        allowPrivate: true,
      },
    ],
    connectMs: 1_000,
    firstByteMs: 1_000,
    now: () => performance.now(),
  });
  const onCaller = (caller: Socket): void => egress.relay(name, caller);
  const listener = await listenForRelay({ host: "127.0.0.1", port: 0, onCaller });
  open.push(
    () => egress.close(),
    () => listener.close(),
  );
  return { port: listener.port, egress };
}

/** Sends, ends its side, and reads until the other does. */
function converse(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () =>
      socket.end(text),
    );
    socket.on("data", (chunk: Uint8Array) => (answer += String(chunk)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

test("what is said arrives, and what is answered; an end is handed on; both are counted", async () => {
  const { port, egress } = await startRelay(await startEcho());
  const large = "x".repeat(3_000_000);
  const answers = await Promise.all([
    converse(port, "one"),
    converse(port, large),
    converse(port, ""),
  ]);
  expect(answers.map(({ length }) => length)).toEqual([3, large.length, 0]);
  await until(() => egress.report()[0]?.openConnections === 0);
  expect(egress.report()[0]).toMatchObject({
    requests: 3,
    bytesSent: large.length + 3,
    bytesReceived: large.length + 3,
    refused: 0,
  });
});

test("a caller that leaves takes the inner connection along, and the other way round", async () => {
  const inner: Socket[] = [];
  const { port, egress } = await startRelay(
    await startEcho((socket) => {
      inner.push(socket);
      // As a server does that takes an end for a farewell.
      socket.resume().on("end", () => socket.end());
    }),
  );
  const leaving = connect(port, "127.0.0.1", () => leaving.write("hello"));
  await until(() => inner.length === 1);
  leaving.destroy();
  await until(() => egress.report()[0]?.openConnections === 0);
  let isClosed = false;
  const left = connect(port, "127.0.0.1");
  left.on("close", () => (isClosed = true));
  left.on("error", () => {});
  await until(() => inner.length === 2);
  inner[1]?.destroy();
  await until(() => isClosed && egress.report()[0]?.openConnections === 0);
  expect(egress.report()[0]?.openConnections).toBe(0);
});

test("a place that is no destination, or is away, gets nothing; the caller is let go", async () => {
  let callers = 0;
  const echo = await startEcho(() => (callers += 1));
  const { port, egress } = await startRelay(echo, "elsewhere");
  expect(await converse(port, "hello")).toBe("");
  expect([egress.refusedElsewhere(), callers]).toEqual([1, 0]);
  const away = await startRelay(9);
  expect(await converse(away.port, "hello")).toBe("");
});
