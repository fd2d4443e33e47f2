/**
 * A real Postgres for tests: Debian's programs, in a directory of its own, on a Unix socket and a loopback port, as a user that is not root.
 * A machine without them is told so; under `CI=true` that is a failure.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { DatabaseOptions } from "../store.ts";

const VERSIONS = "/usr/lib/postgresql";
const START_MS = 30_000;

/** The newest that is installed; null: none is. */
function findPrograms(): string | null {
  if (!existsSync(VERSIONS)) return null;
  const found = readdirSync(VERSIONS)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, "bin"))
    .filter((bin) => existsSync(join(bin, "initdb")));
  return found[0] ?? null;
}

const programs = findPrograms();
export const isPostgresThere = programs !== null;

if (!isPostgresThere) {
  const text = `no Postgres in ${VERSIONS}; Debian's package is called postgresql`;
  if (process.env["CI"] === "true") throw new Error(text);
  process.stdout.write(`SKIPPED: tests on Postgres (${text})\n`);
}

export interface Postgres {
  /** An empty database of its own, with the schema or without. */
  create(schema?: "migrated" | "empty"): Promise<DatabaseOptions>;
  /** The same database, by its address. */
  url(options: DatabaseOptions): string;
  readonly port: number;
  /** At once, as a crash; resolves when it is gone. */
  kill(): Promise<void>;
  /** In order, but without waiting for whoever is connected. */
  stop(): Promise<void>;
  /** Again, if it was killed or stopped; resolves when it answers. */
  start(): Promise<void>;
  /** Runs statements as the superuser. @returns what they say */
  psql(database: string, statements: string): string;
  remove(): Promise<void>;
}

function serverUser(): string {
  return spawnSync("id", ["-u", "postgres"]).status === 0 ? "postgres" : "nobody";
}

/** Postgres refuses to run as root; setpriv is in every Debian. */
function asSomebody(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command;
  return [
    "setpriv",
    `--reuid=${serverUser()}`,
    "--regid=65534",
    "--clear-groups",
    "--",
    ...command,
  ];
}

function runNow(command: readonly string[], input = ""): string {
  const [program = "", ...args] = asSomebody(command);
  const { status, stdout, stderr } = spawnSync(program, args, { input, cwd: "/" });
  if (status !== 0) throw new Error(`${command[0]}: ${String(stderr)}`);
  return String(stdout).trim();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Further lines for its configuration. @param own gives a file to the server's user */
type Configure = (own: (path: string) => void) => readonly string[];

export async function startPostgres(configure: Configure = () => []): Promise<Postgres> {
  const bin = programs ?? "";
  const dir = mkdtempSync(join(tmpdir(), "anyray-pg-"));
  chmodSync(dir, 0o777);
  const data = join(dir, "data");
  const port = await freePort();
  const superuser = "postgres";
  runNow([
    join(bin, "initdb"),
    "-D",
    data,
    "-U",
    superuser,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ]);
  const settings = configure((path) => {
    if (process.getuid?.() === 0) spawnSync("chown", [serverUser(), path]);
  });
  let server: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();

  const psql = (database: string, statements: string) =>
    runNow(
      [
        join(bin, "psql"),
        "-h",
        dir,
        "-p",
        String(port),
        "-U",
        superuser,
        "-d",
        database,
        "-v",
        "ON_ERROR_STOP=1",
        "-At",
      ],
      statements,
    );

  async function start(): Promise<void> {
    if (server !== null) return;
    const options = [
      `unix_socket_directories=${dir}`,
      `listen_addresses=127.0.0.1`,
      "fsync=off",
      "max_connections=200",
      ...settings,
    ];
    const [program = "", ...args] = asSomebody([
      join(bin, "postgres"),
      "-D",
      data,
      "-p",
      String(port),
      ...options.flatMap((option) => ["-c", option]),
    ]);
    const child = spawn(program, args, { stdio: "ignore", cwd: "/" });
    server = child;
    ended = new Promise((resolve) => child.once("exit", resolve));
    const limit = Date.now() + START_MS;
    for (;;) {
      try {
        psql("postgres", "select 1");
        return;
      } catch (error) {
        if (Date.now() > limit || child.exitCode !== null) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function end(signal: "SIGQUIT" | "SIGINT"): Promise<void> {
    server?.kill(signal);
    await ended;
    server = null;
  }

  await start();
  // A plain role, as deployments have it: what needs a superuser fails here.
  psql("postgres", "create role anyray login; grant create on database postgres to anyray;");
  let count = 0;
  const optionsOf = (database: string): DatabaseOptions => ({
    host: dir,
    port,
    database,
    user: "anyray",
    password: "",
    tls: null,
    connect: () => dialNow(join(dir, `.s.PGSQL.${port}`)),
  });
  return {
    port,
    async create(schema = "migrated") {
      count += 1;
      const name = `t${count}`;
      const template = schema === "empty" ? "template0" : "migrated";
      if (
        schema === "migrated" &&
        psql("postgres", "select count(*) from pg_database where datname = 'migrated'") === "0"
      ) {
        psql("postgres", "create database migrated owner anyray template template0;");
        const { openDatabase } = await import("../pg/database.ts");
        await (await openDatabase(optionsOf("migrated"))).close();
      }
      psql("postgres", `create database ${name} owner anyray template ${template};`);
      return optionsOf(name);
    },
    url: ({ database }) => `postgres://anyray@127.0.0.1:${port}/${database}`,
    start,
    // SIGQUIT: its processes end at once, nothing is written back, and the next start recovers from the log.
    kill: () => end("SIGQUIT"),
    stop: () => end("SIGINT"),
    psql,
    async remove() {
      await end("SIGQUIT");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A connected socket. @param place the path of a Unix socket */
function dialNow(place: string) {
  return new Promise<ReturnType<typeof connect>>((resolve, reject) => {
    const socket = connect({ path: place });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
