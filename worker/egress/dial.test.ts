/** Where a connection goes and whom it believes: names, addresses, certificates made on the spot. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import type { Egress, EgressOptions } from "../egress.ts";
import { cachedResolve, targetOf } from "./dial.ts";
import { egressTo as createRig, exchange, sleep, until } from "./rig.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function egressTo(origin: string, options: Partial<EgressOptions>, allowPrivate = true): Egress {
  const egress = createRig(origin, options, allowPrivate);
  open.push(() => egress.close());
  return egress;
}

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async function listen(server: Server, address = "127.0.0.1", port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  open.push(() => void server.close());
  // A server that listens on TCP has an address object.
  return (server.address() as AddressInfo).port;
}

async function plainServer(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(ANSWER));
    open.push(() => void socket.destroy());
  });
  return { port: await listen(server), connections: () => connections };
}

describe("the place of a destination", () => {
  test("is read from its origin", () => {
    expect(targetOf("https://api.example")).toEqual({
      isTls: true,
      host: "api.example",
      port: 443,
    });
    expect(targetOf("http://[::1]:8080")).toEqual({ isTls: false, host: "::1", port: 8080 });
  });

  test("must be public unless the operator wrote it down, as a literal and behind a name", async () => {
    const { connections, port } = await plainServer();
    for (const origin of [
      `http://127.0.0.1:${port}`,
      `http://[::1]:${port}`,
      `http://a.example:${port}`,
    ]) {
      const egress = egressTo(origin, { resolve: async () => ["127.0.0.1"] }, false);
      expect(await exchange(egress)).toBe("refused");
      expect(egress.report()[0]).toMatchObject({ refused: 1, openConnections: 0 });
    }
    expect(connections()).toBe(0);
  });

  test("is never a metadata address, not even written down or by name", async () => {
    for (const address of [
      "169.254.169.254",
      "fd00:ec2::254",
      "::ffff:169.254.169.254",
      "0.0.0.0",
    ]) {
      expect(await exchange(egressTo("http://a.example", { resolve: async () => [address] }))).toBe(
        "refused",
      );
    }
    expect(await exchange(egressTo("http://169.254.169.254", {}))).toBe("refused");
    expect(await exchange(egressTo("http://[fd00:ec2::254]", {}))).toBe("refused");
  });

  test("is the allowed one of several addresses", async () => {
    const { port } = await plainServer();
    const egress = egressTo(`http://a.example:${port}`, {
      resolve: async () => ["169.254.169.254", "127.0.0.1"],
    });
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
  });

  test("is the very address that was judged: the name is not asked again in between", async () => {
    const { port } = await plainServer();
    let asked = 0;
    const egress = egressTo(`http://rebinds.example:${port}`, {
      resolve: async () => (asked++ === 0 ? ["127.0.0.1"] : ["169.254.169.254"]),
    });
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
    expect(asked).toBe(1);
  });

  test("is found by the system where no other resolver is given", async () => {
    const { port } = await plainServer();
    expect(await exchange(egressTo(`http://localhost:${port}`, {}))).toMatchObject({ text: "ok" });
  });

  test("may not exist, or not answer: each by its own name", async () => {
    const none: Partial<EgressOptions> = { resolve: async () => [] };
    const fails: Partial<EgressOptions> = { resolve: () => Promise.reject(new Error("no")) };
    expect(await exchange(egressTo("http://none.example", none))).toBe("unresolvable");
    expect(await exchange(egressTo("http://none.example", fails))).toBe("unresolvable");
    expect(await exchange(egressTo("http://127.0.0.1:1", {}))).toBe("unreachable");
  });
});

describe("resolved names", () => {
  test("are kept for half a minute, failures not at all", async () => {
    let now = 0;
    let asked = 0;
    const resolve = cachedResolve(
      async () => {
        if (asked++ === 0) throw new Error("no");
        return ["1.1.1.1"];
      },
      () => now,
    );
    await expect(resolve("a")).rejects.toThrow();
    await resolve("a");
    now = 29_999;
    await resolve("a");
    expect(asked).toBe(2);
    now = 30_001;
    await resolve("a");
    expect(asked).toBe(3);
  });

  test("are asked for once by all who ask at the same time", async () => {
    let asked = 0;
    const resolve = cachedResolve(
      async () => {
        asked += 1;
        await sleep(10);
        return ["1.1.1.1"];
      },
      () => 0,
    );
    await Promise.all([resolve("a"), resolve("a"), resolve("b")]);
    expect(asked).toBe(2);
  });
});

describe("over TLS", () => {
  let dir = "";
  const pem = (name: string) => readFileSync(join(dir, name), "utf8");
  const openssl = (command: string) =>
    execFileSync("openssl", command.split(" "), { cwd: dir, stdio: "pipe" });

  const CA_CONFIG = `[ca]
default_ca = authority
[authority]
database = index
new_certs_dir = .
rand_serial = yes
certificate = ca.pem
private_key = ca.key
default_md = sha256
unique_subject = no
copy_extensions = copy
policy = names
[names]
commonName = supplied
`;
  const KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

  /** Signed by the test's authority; valid for two days, or between two times (`YYYYMMDDHHMMSSZ`). */
  function certificate(name: string, subject: string, times = "-days 2"): void {
    openssl(
      `req ${KEY} -keyout ${name}.key -out ${name}.csr -subj /CN=${name} -addext subjectAltName=${subject}`,
    );
    openssl(`ca -batch -notext -config ca.cnf -in ${name}.csr -out ${name}.pem ${times}`);
  }

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "anyray-tls-"));
    openssl(`req -x509 ${KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority`);
    // `ca` is the one command that takes times on every version of OpenSSL.
    writeFileSync(join(dir, "index"), "");
    writeFileSync(join(dir, "ca.cnf"), CA_CONFIG);
    certificate("good", "DNS:good.example");
    certificate("wildcard", "DNS:*.good.example");
    certificate("other", "DNS:other.example");
    certificate("address", "IP:127.0.0.1");
    certificate("otheraddress", "IP:127.0.0.2");
    certificate(
      "expired",
      "DNS:good.example",
      "-startdate 20200101000000Z -enddate 20200102000000Z",
    );
    certificate(
      "future",
      "DNS:good.example",
      "-startdate 20900101000000Z -enddate 20910101000000Z",
    );
    openssl(
      `req -x509 ${KEY} -keyout self.key -out self.pem -days 2 -subj /CN=good.example -addext subjectAltName=DNS:good.example`,
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Counts requests: one to a server that must not be believed would carry a credential. */
  async function serve(name: string) {
    const names: (string | false | null)[] = [];
    let requests = 0;
    const server = createTlsServer(
      { key: pem(`${name}.key`), cert: pem(`${name}.pem`) },
      (socket) => {
        names.push(socket.servername);
        socket.on("error", () => undefined);
        socket.on("data", () => {
          requests += 1;
          socket.write(ANSWER);
        });
        open.push(() => void socket.destroy());
      },
    );
    server.on("tlsClientError", () => undefined);
    return { port: await listen(server), names, requests: () => requests };
  }

  const to = (host: string, port: number, hasCa: boolean) =>
    egressTo(`https://${host}:${port}`, {
      resolve: async () => ["127.0.0.1"],
      ...(hasCa ? { extraCa: pem("ca.pem") } : {}),
    });

  test("believes a certificate of a known authority for the right name, and sends that name", async () => {
    for (const [name, host] of [
      ["good", "good.example"],
      ["wildcard", "eu.good.example"],
    ] as const) {
      const server = await serve(name);
      const egress = to(host, server.port, true);
      expect(await exchange(egress)).toMatchObject({ text: "ok" });
      expect(await exchange(egress)).toMatchObject({ text: "ok" });
      expect(server.names).toEqual([host]);
    }
  });

  test("believes a certificate for the very address where no name is given", async () => {
    const server = await serve("address");
    expect(await exchange(to("127.0.0.1", server.port, true))).toMatchObject({ text: "ok" });
  });

  for (const [what, name, host, hasCa] of [
    ["a certificate of an unknown authority", "good", "good.example", false],
    ["a certificate for another name", "other", "good.example", true],
    ["a wildcard for more than one label", "wildcard", "very.eu.good.example", true],
    ["a certificate for the address where a name is given", "address", "good.example", true],
    ["a certificate for another address", "otheraddress", "127.0.0.1", true],
    ["a certificate for a name where an address is given", "good", "127.0.0.1", true],
    ["a certificate that has expired", "expired", "good.example", true],
    ["a certificate that is not valid yet", "future", "good.example", true],
    ["a certificate that vouches for itself", "self", "good.example", true],
  ] as const) {
    test(`does not believe ${what}, and sends it nothing`, async () => {
      const server = await serve(name);
      const egress = to(host, server.port, hasCa);
      expect(await exchange(egress)).toBe("unreachable");
      await sleep(10);
      expect(server.requests()).toBe(0);
      expect(egress.report()[0]).toMatchObject({ bytesSent: 0, openConnections: 0 });
    });
  }

  test("does not speak to a server without TLS", async () => {
    const { port } = await plainServer();
    expect(await exchange(to("good.example", port, true))).toMatch(
      /^(?:unreachable|timeout_connect)$/,
    );
  });

  test("leaves a silent address in time for the next one, and runs out of time if all are silent", async () => {
    const good = await serve("good");
    // Accepts, and never begins the handshake.
    const silent = createServer((socket) => {
      socket.on("error", () => undefined);
      open.push(() => void socket.destroy());
    });
    await listen(silent, "127.0.0.2", good.port);
    const options = { extraCa: pem("ca.pem"), connectMs: 400 };
    const origin = `https://good.example:${good.port}`;
    const egress = egressTo(origin, {
      ...options,
      resolve: async () => ["127.0.0.2", "127.0.0.1"],
    });
    expect(await exchange(egress)).toMatchObject({ text: "ok" });
    const start = performance.now();
    const stuck = egressTo(origin, { ...options, resolve: async () => ["127.0.0.2", "127.0.0.2"] });
    expect(await exchange(stuck)).toBe("timeout_connect");
    expect(performance.now() - start).toBeLessThan(900);
    expect(await until(() => stuck.report()[0]?.openConnections === 0)).toBe(true);
  });
});

test("a name that takes too long is a time-out of the connection", async () => {
  const egress = egressTo("http://slow.example", {
    connectMs: 60,
    resolve: () => new Promise(() => undefined),
  });
  expect(await exchange(egress)).toBe("timeout_connect");
});
