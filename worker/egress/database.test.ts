import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPostgresThere, startPostgres, type Postgres } from "../../db/contract/postgres.ts";
import { openDatabase } from "../../db/pg/database.ts";
import { StoreUnavailable, type DatabasePlace } from "../../db/store.ts";
import { createDatabaseDialer } from "./database.ts";

const PLACE: DatabasePlace = {
  host: "db.example",
  port: 5432,
  database: "d",
  user: "u",
  password: "",
  tls: null,
};
const TIMES = { connectMs: 1_000, now: () => performance.now() };

describe("the way to the database", () => {
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address !== null) ({ port } = address);
  });
  afterAll(() => void server.close());

  test("leads to addresses inside, and never to a metadata service, whatever the name says", async () => {
    for (const [address, isAllowed] of [
      ["127.0.0.1", true],
      ["169.254.169.254", false],
      ["fd00:ec2::254", false],
    ] as const) {
      const resolve = async () => [address];
      const dialer = createDatabaseDialer({ ...PLACE, port }, { ...TIMES, resolve });
      const dialed = await dialer.connect().then(
        (socket) => {
          socket.destroy();
          return true;
        },
        () => false,
      );
      expect([address, dialed]).toEqual([address, isAllowed]);
      expect([address, dialer.report().refused]).toEqual([address, isAllowed ? 0 : 1]);
    }
  });

  test("is accounted for: connections, and bytes both ways", async () => {
    const dialer = createDatabaseDialer({ ...PLACE, host: "127.0.0.1", port }, TIMES);
    const socket = await dialer.connect();
    socket.resume();
    socket.write("12345678");
    await new Promise((resolve) => socket.once("close", resolve));
    const report = dialer.report();
    expect(report).toEqual({
      destination: "database",
      origin: `postgres://127.0.0.1:${port}`,
      reason: "database",
      isAllowed: true,
      requests: 1,
      bytesSent: 8,
      bytesReceived: 5,
      refused: 0,
      openConnections: 0,
      idleConnections: 0,
    });
  });

  test("says that nobody is there", async () => {
    for (const host of ["127.0.0.1", "/nowhere"]) {
      const dialer = createDatabaseDialer({ ...PLACE, host, port: 1 }, TIMES);
      await expect(dialer.connect()).rejects.toThrow("unreachable");
      const options = { ...PLACE, host, connect: () => dialer.connect() };
      await expect(openDatabase(options)).rejects.toBeInstanceOf(StoreUnavailable);
    }
  });
});

describe.skipIf(!isPostgresThere)("the way to a Postgres with a certificate", () => {
  let dir: string;
  let postgres: Postgres;
  let place: DatabasePlace;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "anyray-pg-tls-"));
    const [key, certificate] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const made = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ]);
    if (made.status !== 0) throw new Error("openssl made no certificate");
    // The server's user must be able to read it, and nobody else may.
    chmodSync(dir, 0o755);
    chmodSync(key, 0o600);
    postgres = await startPostgres((own) => {
      own(key);
      return ["ssl=on", `ssl_key_file=${key}`, `ssl_cert_file=${certificate}`];
    });
    const options = await postgres.create("empty");
    const ca = readFileSync(certificate, "utf8");
    place = {
      host: "localhost",
      port: postgres.port,
      database: options.database,
      user: options.user,
      password: "",
      tls: { servername: "localhost", ca },
    };
  });
  afterAll(async () => {
    await postgres.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = (given: DatabasePlace) => {
    const dialer = createDatabaseDialer(given, { ...TIMES, connectMs: 5_000 });
    return openDatabase({ ...given, connect: () => dialer.connect() });
  };

  test("is encrypted, with a certificate that is checked", async () => {
    const database = await open(place);
    const [row] = await database.client.unsafe(
      "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    );
    expect(row?.["ssl"]).toBe(true);
    await database.close();
  });

  test("is not taken where the certificate is a stranger's, or somebody else's", async () => {
    await expect(open({ ...place, tls: { servername: "localhost", ca: null } })).rejects.toThrow();
    const { tls } = place;
    if (tls === null) throw new Error("this one has a certificate");
    await expect(
      open({ ...place, tls: { ...tls, servername: "db.example" } }),
    ).rejects.toBeInstanceOf(StoreUnavailable);
  });
});
