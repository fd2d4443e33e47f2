/** The one way out, over real sockets: where it goes, whom it believes, and what it does when the other side fails. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTlsServer, type Server } from "node:tls";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createEgress, EgressError, type Egress, type EgressOptions } from "../egress.ts";
import { startUpstream, type Handler, type Upstream } from "../testing/upstream.ts";
import { classifyAddress } from "./addresses.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function egressTo(
  origin: string,
  options: Partial<EgressOptions> = {},
  allowPrivate = true,
): Egress {
  const egress = createEgress({
    destinations: [{ name: "up", origin, reason: "test", allowPrivate }],
    connectMs: 1_000,
    firstByteMs: 1_000,
    now: () => performance.now(),
    ...options,
  });
  open.push(() => egress.close());
  return egress;
}

async function upstreamWith(handler: Handler): Promise<Upstream> {
  const upstream = await startUpstream(handler);
  open.push(() => upstream.stop());
  return upstream;
}

function send(egress: Egress, body = "{}", headers: [string, string][] = []) {
  return egress.send({
    destination: "up",
    method: "POST",
    pathAndQuery: "/v1/x?y=1",
    headers,
    body: [new TextEncoder().encode(body)],
  });
}

/** The whole answer as text, or the failure's kind. */
async function exchange(egress: Egress, body?: string, headers?: [string, string][]) {
  try {
    const answer = await send(egress, body, headers).answer;
    return await new Promise<
      { status: number; text: string; headers: Map<string, string> } | string
    >((resolve) => {
      let text = "";
      answer.body.start({
        data: (chunk) => void (text += new TextDecoder().decode(chunk)),
        end: () => resolve({ status: answer.status, text, headers: new Map(answer.headers) }),
        fail: (error) => resolve(error.kind),
      });
    });
  } catch (error) {
    return error instanceof EgressError
      ? `${error.kind}${error.isRetryable ? " (retryable)" : ""}`
      : "other";
  }
}

describe("an address", () => {
  const CLASSES: readonly (readonly [string, string])[] = [
    ["1.1.1.1", "public"],
    ["2606:4700::1111", "public"],
    ["127.0.0.1", "private"],
    ["10.1.2.3", "private"],
    ["172.16.0.1", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "private"],
    ["::1", "private"],
    ["fd12::1", "private"],
    ["169.254.169.254", "never"],
    ["fe80::1", "never"],
    ["fd00:ec2::254", "never"],
    ["100.100.100.200", "never"],
    ["0.0.0.0", "never"],
    ["::", "never"],
    ["224.0.0.1", "never"],
    ["255.255.255.255", "never"],
    ["::ffff:169.254.169.254", "never"],
    ["::ffff:127.0.0.1", "private"],
    ["::ffff:1.1.1.1", "public"],
    ["64:ff9b::a9fe:a9fe", "never"],
    ["2002:a9fe:a9fe::1", "never"],
    ["2002:7f00:1::1", "private"],
    ["not an address", "never"],
  ];
  for (const [address, kind] of CLASSES) {
    test(`${address} is ${kind}`, () => {
      expect(classifyAddress(address)).toBe(kind as ReturnType<typeof classifyAddress>);
    });
  }
});

describe("the way out", () => {
  test("refuses what nobody configured, and counts it", async () => {
    const egress = egressTo("http://127.0.0.1:1");
    const sent = egress.send({
      destination: "other",
      method: "GET",
      pathAndQuery: "/",
      headers: [],
      body: [],
    });
    await expect(sent.answer).rejects.toThrow("upstream refused");
    expect(egress.refusedElsewhere()).toBe(1);
  });

  test("refuses a private address that the operator did not write down, also behind a name", async () => {
    const upstream = await upstreamWith((_, reply) => reply.json(200, {}));
    expect(await exchange(egressTo(upstream.url, {}, false))).toBe("refused");
    const named = egressTo(
      `http://inside.example:${upstream.port}`,
      { resolve: async () => ["127.0.0.1"] },
      false,
    );
    expect(await exchange(named)).toBe("refused");
    expect(named.report()[0]?.refused).toBe(1);
    expect(upstream.requests).toHaveLength(0);
  });

  test("never goes to a metadata address, not even by name and allowed", async () => {
    for (const address of ["169.254.169.254", "fd00:ec2::254"]) {
      const egress = egressTo("http://inside.example", { resolve: async () => [address] }, true);
      expect(await exchange(egress)).toBe("refused");
    }
  });

  test("takes the next address when the first is dead, and names a host that is not there", async () => {
    const upstream = await upstreamWith((_, reply) => reply.json(200, { ok: true }));
    const egress = egressTo(`http://two.example:${upstream.port}`, {
      resolve: async () => ["127.0.0.9", "127.0.0.1"],
    });
    expect(await exchange(egress)).toMatchObject({ status: 200 });
    expect(await exchange(egressTo("http://none.example", { resolve: async () => [] }))).toBe(
      "unresolvable",
    );
    expect(await exchange(egressTo("http://127.0.0.1:1"))).toBe("unreachable");
  });

  test("lets no line end in a header or path smuggle anything in", async () => {
    const upstream = await upstreamWith((_, reply) => reply.json(200, {}));
    const egress = egressTo(upstream.url);
    for (const value of ["a\r\nx: y", "a\nb", "a\0b", "日本"]) {
      expect(await exchange(egress, "{}", [["x-a", value]])).toBe("refused");
    }
    expect(await exchange(egress, "{}", [["x a", "b"]])).toBe("refused");
    const path = egress.send({
      destination: "up",
      method: "GET",
      pathAndQuery: "/a HTTP/1.1\r\nx: y",
      headers: [],
      body: [],
    });
    await expect(path.answer).rejects.toThrow("refused");
    expect(upstream.requests).toHaveLength(0);
  });

  test("keeps a connection for the next request, and tells when it died meanwhile", async () => {
    const upstream = await upstreamWith((_, reply) => reply.json(200, {}));
    const egress = egressTo(upstream.url);
    await exchange(egress);
    await exchange(egress);
    expect(egress.report()[0]).toMatchObject({ requests: 2, openConnections: 1 });
    upstream.handle((_, reply) => reply.reset());
    expect(await exchange(egress)).toBe("closed (retryable)");
    expect(await exchange(egress)).toBe("closed");
  });

  test("does not use a connection again whose answer had more behind it", async () => {
    const upstream = await upstreamWith((_, reply) =>
      reply.raw(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
      ),
    );
    const egress = egressTo(upstream.url);
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
  });

  test("sends large bodies whole and counts every byte", async () => {
    const upstream = await upstreamWith((request, reply) =>
      reply.json(200, { got: request.body.length }),
    );
    const egress = egressTo(upstream.url);
    const size = 5_000_000;
    expect(await exchange(egress, "x".repeat(size))).toMatchObject({
      text: JSON.stringify({ got: size }),
    });
    expect(egress.report()[0]?.bytesSent).toBeGreaterThan(size);
  });

  test("undoes a coding that was not asked for, and says so when it is broken", async () => {
    const upstream = await upstreamWith((_, reply) =>
      reply.send(
        200,
        { "content-encoding": "gzip", "content-type": "text/plain" },
        gzipSync("hello ".repeat(1000)),
      ),
    );
    const egress = egressTo(upstream.url);
    const answer = await exchange(egress);
    expect(answer).toMatchObject({ text: "hello ".repeat(1000) });
    expect(typeof answer === "string" ? [] : [...answer.headers.keys()]).toEqual(["content-type"]);
    upstream.handle((_, reply) =>
      reply.send(200, { "content-encoding": "gzip" }, "no gzip at all"),
    );
    expect(await exchange(egress)).toBe("malformed");
  });

  test("has a time-out of its own for the connection and for the first byte", async () => {
    const upstream = await upstreamWith(() => undefined);
    expect(await exchange(egressTo(upstream.url, { firstByteMs: 60 }))).toBe("timeout_first_byte");
    const slow = egressTo("http://slow.example", {
      connectMs: 60,
      resolve: () => new Promise(() => undefined),
    });
    expect(await exchange(slow)).toBe("timeout_connect");
  });

  test("stops at once when it is cancelled, at any time and more than once", async () => {
    let hungUp: Promise<number> = Promise.resolve(0);
    const upstream = await upstreamWith((request) => {
      hungUp = request.hungUp;
    });
    const sent = send(egressTo(upstream.url));
    while (upstream.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const at = performance.now();
    sent.cancel();
    sent.cancel();
    await expect(sent.answer).rejects.toThrow("cancelled");
    expect((await hungUp) - at).toBeLessThan(50);
  });

  test("delivers nothing after it was cancelled, also in the middle of what was read", async () => {
    const upstream = await upstreamWith((_, reply) => {
      reply.raw(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
      );
    });
    const sent = send(egressTo(upstream.url));
    const heard: string[] = [];
    const answer = await sent.answer;
    answer.body.start({
      data: (chunk) => {
        heard.push(new TextDecoder().decode(chunk));
        sent.cancel();
      },
      end: () => heard.push("end"),
      fail: (error) => heard.push(error.kind),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard[0]).toBe("a");
    expect(["a,cancelled", "a,b,c,end"]).toContain(heard.join());
  });

  test("keeps what it delivered: no buffer is used twice", async () => {
    const upstream = await upstreamWith(async (_, reply) => {
      reply.head(200, {});
      for (let i = 0; i < 50; i++) {
        reply.chunk(String.fromCharCode(65 + (i % 26)).repeat(1000));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      reply.end();
    });
    const answer = await send(egressTo(upstream.url)).answer;
    const chunks: Uint8Array[] = [];
    await new Promise<void>((resolve, reject) =>
      answer.body.start({ data: (chunk) => void chunks.push(chunk), end: resolve, fail: reject }),
    );
    const text = new TextDecoder().decode(Buffer.concat(chunks));
    const expected = Array.from({ length: 50 }, (_, i) =>
      String.fromCharCode(65 + (i % 26)).repeat(1000),
    );
    expect(text).toBe(expected.join(""));
  });
});

describe("over TLS", () => {
  const dir = mkdtempSync(join(tmpdir(), "anyray-tls-"));
  const servers: Server[] = [];
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });

  function certificate(name: string, host: string, days: string): void {
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${host}`,
      "-addext",
      `subjectAltName=DNS:${host}`,
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      `${name}.pem`,
      "-copy_extensions",
      "copy",
      ...(days === "-1"
        ? ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]
        : ["-days", days]),
    );
  }

  beforeAll(() => {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      "-subj",
      "/CN=test ca",
    );
    certificate("good", "good.example", "2");
    certificate("other", "other.example", "2");
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "self.key",
      "-out",
      "self.pem",
      "-days",
      "2",
      "-subj",
      "/CN=good.example",
      "-addext",
      "subjectAltName=DNS:good.example",
    );
  });
  afterAll(() => {
    for (const server of servers) server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function serve(name: string): Promise<{ port: number; names: (string | false | null)[] }> {
    const names: (string | false | null)[] = [];
    const server = createTlsServer(
      { key: readFileSync(join(dir, `${name}.key`)), cert: readFileSync(join(dir, `${name}.pem`)) },
      (socket) => {
        names.push(socket.servername);
        socket.on("error", () => undefined);
        socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
      },
    );
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    return { port: (server.address() as AddressInfo).port, names };
  }

  const to = (port: number, withCa: boolean) =>
    egressTo(`https://good.example:${port}`, {
      resolve: async () => ["127.0.0.1"],
      ...(withCa ? { extraCa: readFileSync(join(dir, "ca.pem"), "utf8") } : {}),
    });

  test("believes a certificate of a known authority for the right name, and sends that name", async () => {
    const server = await serve("good");
    expect(await exchange(to(server.port, true))).toMatchObject({ text: "ok" });
    expect(server.names).toEqual(["good.example"]);
  });

  for (const [name, what, withCa] of [
    ["good", "a certificate of an unknown authority", false],
    ["other", "a certificate for another name", true],
    ["self", "a certificate that vouches for itself", true],
  ] as const) {
    test(`does not believe ${what}`, async () => {
      const server = await serve(name);
      expect(await exchange(to(server.port, withCa))).toBe("unreachable");
    });
  }
});
