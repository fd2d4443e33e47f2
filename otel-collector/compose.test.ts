/**
 * The stack as `docker-compose` itself reads it: who stands on which network, what is published, what is pinned. No
 * container is started. Runs on Bun, whose YAML parser reads the result.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { temporaryDirectory } from "../worker/testing/gateway-process.ts";

const ROOT = join(import.meta.dirname, "..");

/** As published; two services may share one. */
const IMAGES: Readonly<Record<string, string>> = {
  "otel-collector":
    "otel/opentelemetry-collector-contrib:0.160.0@sha256:799dc6cf12c96192af37b5bdba804da8c10b3bc563b43cb90c3f3c58d9572ad6",
  postgres:
    "postgres:18.6-trixie@sha256:4ef4dbc939d61acea57712655ddb4b4ab27419c913f94cca0cd57cb3ea3c2280",
  tempo:
    "grafana/tempo:3.0.3@sha256:0296560ac66f8a3600d7fb3014a52c189d4d9c3549ad6ff441bf2409855d68d5",
  "tempo-check":
    "grafana/tempo:3.0.3@sha256:0296560ac66f8a3600d7fb3014a52c189d4d9c3549ad6ff441bf2409855d68d5",
};
const BASE_IMAGE =
  "oven/bun:1.4.2@sha256:9114c058aeae42162ee16dd5084b95fe9473970bb6bcb5b232ab1630f0546895";

/** Docker's own plug-in leaves out what no profile asks for. */
const PROFILES = ["--profile", "postgres"];

/** Empty: a developer's own `.env` must not take part. */
const directory = temporaryDirectory();
const NO_VARIABLES = join(directory.path, "empty");
writeFileSync(NO_VARIABLES, "");
afterAll(() => directory.remove());

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly network_mode?: string;
  readonly ports?: readonly (string | { readonly host_ip?: string; readonly target: number })[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly (string | { readonly source?: string })[];
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
}
interface Stack {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

/** The first of the two programs that is there: Debian's package, or Docker's own plug-in. */
function findCompose(): readonly string[] | null {
  const candidates = [["docker-compose"], ["docker", "compose"]];
  const works = ([program = "", ...args]: readonly string[]) =>
    spawnSync(program, [...args, "version"], { stdio: "ignore" }).status === 0;
  return candidates.find(works) ?? null;
}

/** `env`: all that the program sees beside the PATH. */
function readStack(
  compose: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
): Stack {
  const [program = "", ...args] = compose;
  const result = spawnSync(program, [...args, "--env-file", NO_VARIABLES, ...options, "config"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...env },
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Error(`docker-compose refuses the file: ${result.stderr}`);
  return Bun.YAML.parse(result.stdout) as Stack; // The program's own normal form.
}

const compose = findCompose();
const isCi = process.env["CI"] === "true";
if (compose === null) process.stderr.write("SKIPPED: docker-compose.yml (no docker-compose)\n");
const suite = compose !== null || isCi ? describe : describe.skip;

suite("docker-compose.yml", () => {
  let stack: Stack;
  beforeAll(() => {
    if (compose === null) throw new Error("docker-compose is missing");
    stack = readStack(compose, {}, PROFILES);
  });
  const services = () => Object.entries(stack.services);

  test("has a gateway, a console, a Collector and a back end", () => {
    expect(Object.keys(stack.services).sort()).toEqual([
      "console",
      "gateway",
      "otel-collector",
      "postgres",
      "tempo",
      "tempo-check",
      "volume-owners",
    ]);
  });

  test("lets the gateway alone out", () => {
    expect(stack.networks["inside"]?.internal).toBe(true);
    expect(Object.keys(stack.networks).sort()).toEqual(["inside", "outside"]);
    const joined = services().map(([name, service]) => [
      name,
      service.network_mode ??
        Object.keys(service.networks ?? { default: null })
          .sort()
          .join(" "),
    ]);
    expect(Object.fromEntries(joined)).toEqual({
      console: "inside",
      gateway: "inside outside",
      "otel-collector": "inside",
      postgres: "inside",
      tempo: "inside",
      "tempo-check": "none",
      "volume-owners": "none",
    });
  });

  test("publishes ports of the gateway alone, and to this host only unless told otherwise", () => {
    const ports = services().flatMap(([name, { ports = [] }]) =>
      ports.map((port) =>
        typeof port === "string" ? `${name} ${port}` : `${name} ${port.host_ip}:${port.target}`,
      ),
    );
    expect(ports.map((port) => port.split(/(?<=:8787|:3000)/)[0]).sort()).toEqual([
      "gateway 127.0.0.1:3000",
      "gateway 127.0.0.1:8787",
    ]);
  });

  test("gives the console the gateway's address, and nothing to know besides", () => {
    const { console: pages, gateway } = stack.services;
    expect(pages?.volumes).toBeUndefined();
    expect(Object.keys(pages?.environment ?? {}).sort()).toEqual([
      "ANYRAY_CONSOLE_URL",
      "ANYRAY_GATEWAY_URL",
      "ANYRAY_PUBLIC_URL",
    ]);
    expect(pages?.environment).toMatchObject({ ANYRAY_GATEWAY_URL: "http://gateway:8787" });
    expect(gateway?.environment).toMatchObject({ ANYRAY_CONSOLE_RELAY: "http://console:3000" });
  });

  test("pins every image by tag and digest", () => {
    const images = services().filter(([, { build }]) => build === undefined);
    expect(Object.fromEntries(images.map(([name, { image }]) => [name, image]))).toEqual(IMAGES);
    const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1])).toEqual([
      BASE_IMAGE,
    ]);
  });

  test("holds no secret, and hands on those of the shell to the gateway alone", () => {
    const none = services().flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name, value]) => /KEY|TOKEN|SECRET/.test(name) && value),
    );
    expect(none).toEqual([]);
    const given = readStack(compose ?? [], { OPENAI_API_KEY: "sk-from-the-shell" });
    const holders = Object.entries(given.services).filter(([, service]) =>
      JSON.stringify(service).includes("sk-from-the-shell"),
    );
    expect(holders.map(([name]) => name)).toEqual(["gateway"]);
  });

  test("has Postgres for who asks for its profile, with the password of the shell", () => {
    const env = { POSTGRES_PASSWORD: "from-the-shell", ANYRAY_DB_URL: "postgres://u@postgres/d" };
    const { services: all } = readStack(compose ?? [], env, PROFILES);
    expect(all["postgres"]).toMatchObject({
      profiles: ["postgres"],
      environment: { POSTGRES_PASSWORD: "from-the-shell" },
    });
    expect(all["gateway"]?.environment).toMatchObject({ ANYRAY_DB_URL: env.ANYRAY_DB_URL });
  });

  test("sends spans to the Collector and reads them from Tempo", () => {
    expect(stack.services["gateway"]?.environment).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel-collector:4318",
      ANYRAY_TRACES: "tempo",
      ANYRAY_TRACES_URL: "http://tempo:3200",
    });
    expect(stack.services["otel-collector"]?.environment).toMatchObject({
      COLLECTOR_EXPORT_TO: "http://tempo:4318",
    });
  });

  test("keeps traces as long as the shell says", () => {
    const retention = (from: Stack) =>
      ["tempo", "tempo-check"].map((name) => from.services[name]?.environment?.["TEMPO_RETENTION"]);
    expect(retention(stack)).toEqual(["336h", "336h"]);
    const longer = readStack(compose ?? [], { TEMPO_RETENTION: "720h" });
    expect(retention(longer)).toEqual(["720h", "720h"]);
  });

  test("gives no service more rights than it needs", () => {
    for (const [name, service] of services()) {
      expect([name, service.privileged ?? false, service.cap_drop]).toEqual([name, false, ["ALL"]]);
      expect(JSON.stringify(service)).not.toContain("docker.sock");
    }
  });

  test("mounts only files that are there", () => {
    const text = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
    const files = [...text.matchAll(/^\s+- (\.\/\S+?):/gm)].map((match) => match[1] ?? "");
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});
