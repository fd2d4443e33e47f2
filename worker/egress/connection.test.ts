/** Connections that are kept: when one is used again, when not, and that none holds anything up. */
import { afterEach, describe, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Egress, EgressOptions } from "../egress.ts";
import { egressTo, exchange, send, sleep, until } from "./rig.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Rig {
  readonly egress: Egress;
  readonly origin: string;
  /** Every connection that was ever made. */
  readonly sockets: readonly Socket[];
}

/** A server that writes these bytes for each request; a function gets the socket. */
async function rig(
  answer: string | ((socket: Socket) => void),
  options: Partial<EgressOptions> = {},
): Promise<Rig> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => {
      if (typeof answer === "string") socket.write(answer);
      else answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const egress = egressTo(origin, options);
  open.push(() => {
    egress.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { egress, origin, sockets };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n";
const WHOLE = `${OK}\r\nok`;

describe("a connection", () => {
  test("is used again, the last one first", async () => {
    const { egress, sockets } = await rig(WHOLE);
    await Promise.all([exchange(egress), exchange(egress), exchange(egress)]);
    expect(egress.report()[0]).toMatchObject({ openConnections: 3, idleConnections: 3 });
    const before = sockets.map((socket) => socket.bytesRead);
    await exchange(egress);
    await exchange(egress);
    const used = sockets.filter((socket, i) => socket.bytesRead > (before[i] ?? 0));
    expect(used).toHaveLength(1);
    expect(egress.report()[0]).toMatchObject({ requests: 5, openConnections: 3 });
  });

  test("serves as many at once as are asked for", async () => {
    const { egress } = await rig((socket) => void setTimeout(() => socket.write(WHOLE), 900), {
      connectMs: 20_000,
      firstByteMs: 20_000,
    });
    // In waves: the kernel's queue of connections to accept is shorter than that.
    const waves: ReturnType<typeof exchange>[] = [];
    for (let wave = 0; wave < 12; wave++) {
      waves.push(...Array.from({ length: 100 }, () => exchange(egress)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const told = await Promise.all(waves);
    expect(told.every((each) => typeof each !== "string" && each.text === "ok")).toBe(true);
    // No more than that many are kept.
    expect(egress.report()[0]?.idleConnections).toBe(1_024);
    expect(await until(() => egress.report()[0]?.openConnections === 1_024)).toBe(true);
  });

  for (const [what, answer] of [
    ["the peer says close", `${OK}connection: close\r\n\r\nok`],
    ["the peer keeps it for a second only", `${OK}keep-alive: timeout=1\r\n\r\nok`],
    ["it speaks HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    ["more came behind the answer", `${WHOLE}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
  ] as const) {
    test(`is not used again where ${what}`, async () => {
      const { egress, sockets } = await rig(answer);
      expect(await exchange(egress)).toMatchObject({ text: "ok" });
      expect(await exchange(egress)).toMatchObject({ text: "ok" });
      expect(sockets).toHaveLength(2);
    });
  }

  test("is closed when bytes come that nobody asked for", async () => {
    const { egress, sockets } = await rig(WHOLE);
    await exchange(egress);
    sockets[0]?.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
    expect(await until(() => egress.report()[0]?.openConnections === 0)).toBe(true);
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
  });

  test("is forgotten when the peer closes it in the meantime", async () => {
    const { egress, sockets } = await rig(WHOLE);
    await exchange(egress);
    sockets[0]?.end();
    expect(await until(() => egress.report()[0]?.idleConnections === 0)).toBe(true);
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
  });

  test("that dies under a later request may be tried again; a new one that dies may not", async () => {
    let answers = 0;
    const { egress } = await rig((socket) => {
      if (answers++ === 0) socket.write(WHOLE);
      else socket.destroy();
    });
    await exchange(egress);
    expect(await exchange(egress)).toBe("closed (retryable)");
    expect(await exchange(egress)).toBe("closed");
    expect(answers).toBe(3);
  });

  test("that dies after a byte of the answer may not be tried again", async () => {
    let answers = 0;
    const { egress } = await rig((socket) => {
      if (answers++ === 0) socket.write(WHOLE);
      else socket.end("H");
    });
    await exchange(egress);
    expect(await exchange(egress)).toBe("malformed");
  });

  test("is not used again when its time is over", async () => {
    let now = 0;
    const { egress, sockets } = await rig(`${OK}keep-alive: timeout=5, max=9\r\n\r\nok`, {
      now: () => now,
    });
    await exchange(egress);
    now = 3_999;
    await exchange(egress);
    expect(sockets).toHaveLength(1);
    now += 4_000;
    await exchange(egress);
    expect(sockets).toHaveLength(2);
  });

  test("that ends its answer after the egress was closed is closed, too", async () => {
    const { egress } = await rig((socket) => void setTimeout(() => socket.write(WHOLE), 30));
    const sent = send(egress);
    expect(await until(() => egress.report()[0]?.openConnections === 1)).toBe(true);
    egress.close();
    (await sent.answer).body.start({ data() {}, end() {}, fail() {} });
    expect(await until(() => egress.report()[0]?.openConnections === 0)).toBe(true);
  });

  test("that is idle lets the process end", async () => {
    const { origin } = await rig(`${OK}keep-alive: timeout=60\r\n\r\nok`);
    const dir = mkdtempSync(join(tmpdir(), "anyray-idle-"));
    open.push(() => rmSync(dir, { recursive: true, force: true }));
    const script = join(dir, "idle.ts");
    const rigUrl = new URL("./rig.ts", import.meta.url).href;
    writeFileSync(
      script,
      `import { egressTo, exchange } from ${JSON.stringify(rigUrl)};
       const told = await exchange(egressTo(${JSON.stringify(origin)}, { firstByteMs: 60_000 }));
       console.log(told.text);`,
    );
    const isBun = process.versions["bun"] !== undefined;
    const args = isBun
      ? [script]
      : ["run", "-A", "--no-check", "--node-modules-dir=manual", script];
    const start = performance.now();
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { timeout: 20_000 }, (error, stdout) =>
        resolve(error === null ? stdout.trim() : "killed"),
      );
    });
    expect(output).toBe("ok");
    expect(performance.now() - start).toBeLessThan(15_000);
    await sleep(0);
  });
});
