/**
 * No place holds content readably: canaries in everything that a client and a provider can say, through every end that a request
 * can come to; then everything that the gateway wrote and says is searched for them, in every form. The control is a gateway
 * that leaks.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { createCanaries, needlesOf } from "./canary/forms.ts";
import {
  leakingProvider,
  readEverything,
  SCENARIO_SETTINGS,
  sendAll,
  sendOpen,
} from "./canary/scenario.ts";
import { searchBytes, searchDirectory, searchText, type Finding } from "./canary/search.ts";
import { startGateway, temporaryDirectory } from "./gateway-process.ts";
import { providersAt } from "./gateway.ts";
import { contentRows } from "./sealed-content.ts";
import { until } from "./until.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const canaries = createCanaries();
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream(leakingProvider(canaries));
});
afterAll(() => upstream.stop());

const ENDPOINTS = [
  "chat",
  "completions",
  "responses",
  "embeddings",
  "images",
  "audio",
  "files",
  "batches",
  "moderations",
  "rerank",
];

/** One unreachable provider beside the two that answer. */
const providers = () => ({
  ...JSON.parse(providersAt(upstream.url, { capabilities: { endpoints: ENDPOINTS } })),
  nowhere: {
    kind: "openai-compatible",
    base_url: "http://127.0.0.1:9/v1",
    api_key: "x",
    models: ["m"],
  },
});

interface Told {
  readonly findings: readonly Finding[];
  readonly files: readonly string[];
  readonly parts: number;
  readonly rows: number;
}

/** Takes spans, as a Collector does. */
async function startCollector() {
  const bodies: Uint8Array[] = [];
  const server = await startUpstream((request, reply) => {
    bodies.push(request.body);
    reply.send(200, { "content-type": "application/x-protobuf" }, "");
  });
  return { url: server.url, bodies, stop: () => server.stop() };
}

async function runThrough(env: Readonly<Record<string, string>>): Promise<Told> {
  const directory = temporaryDirectory();
  const collector = await startCollector();
  const settings = {
    dataDir: directory.path,
    providers: providers(),
    env: { ...SCENARIO_SETTINGS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
  };
  try {
    const first = await startGateway(settings);
    await sendAll(first, canaries);
    sendOpen(first, canaries);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await first.kill();
    const findings = searchDirectory(canaries, directory.path);
    const second = await startGateway(settings);
    await sendAll(second, canaries);
    for (const [path, text] of await readEverything(second)) {
      findings.push(...searchText(canaries, path, text));
    }
    const records = await second.records();
    const rows = records.length;
    const requests = new Set(records.map((record) => record.trace_id));
    await until(async () => spanCount(collector.bodies) >= requests.size || null);
    for (const body of collector.bodies) findings.push(...searchBytes(canaries, "OTLP", body));
    // While it runs: logs and temporary files of the databases are there.
    findings.push(...searchDirectory(canaries, directory.path));
    expect(await second.stop()).toBe(0);
    findings.push(...searchDirectory(canaries, directory.path));
    findings.push(...searchText(canaries, "the log", first.output() + second.output()));
    const parts = (await contentRows(directory.path)).length;
    return { findings, files: readdirSync(directory.path), parts, rows };
  } finally {
    directory.remove();
    await collector.stop();
  }
}

/** Of requests: each names its route once. */
function spanCount(bodies: readonly Uint8Array[]): number {
  return Buffer.concat(bodies).toString("latin1").split("http.route").length - 1;
}

describe("a gateway that keeps content encrypted", () => {
  test("holds no canary in any file, log line, metric, span or admin answer", async () => {
    const told = await runThrough({ ANYRAY_CONTENT_MODE: "encrypted" });
    expect(told.findings).toEqual([]);
    // It was not for want of trying.
    expect(canaries.count).toBeGreaterThan(2_000);
    expect(told.parts).toBeGreaterThan(200);
    expect(told.rows).toBeGreaterThan(200);
    expect(told.files).toContain("content.sqlite");
  }, 90_000);
});

describe("a gateway that keeps content readable, as it was allowed to", () => {
  test("is found out: in its content, and nowhere else", async () => {
    const directory = temporaryDirectory();
    const gateway = await startGateway({
      dataDir: directory.path,
      providers: providers(),
      env: {
        ...SCENARIO_SETTINGS,
        ANYRAY_CONTENT_MODE: "plaintext",
        ANYRAY_ALLOW_PLAINTEXT: "true",
      },
    });
    await sendAll(gateway, canaries);
    await gateway.stop();
    const findings = searchDirectory(canaries, directory.path);
    findings.push(...searchText(canaries, "the log", gateway.output()));
    directory.remove();
    expect(findings.length).toBeGreaterThan(10);
    const places = new Set(findings.map(({ where }) => where.split(/[,/]/)[0]));
    places.delete("content.sqlite");
    places.delete("content.sqlite-wal");
    expect([...places]).toEqual([]);
  }, 90_000);
});

describe("a gateway that leaks", () => {
  test("is found out in every way that it leaks", async () => {
    const directory = temporaryDirectory();
    const gateway = await startGateway({
      dataDir: directory.path,
      providers: providers(),
      main: fileURLToPath(new URL("./canary/leaky-main.ts", import.meta.url)),
    });
    const content = canaries.at("a leak");
    await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.clientKey}` },
      body: JSON.stringify({ model: "m", messages: [{ role: "user", content }] }),
    });
    await gateway.stop();
    const found = new Set(
      [
        ...searchDirectory(canaries, directory.path),
        ...searchText(canaries, "the log", gateway.output()),
      ].map(({ where }) => where.split(",")[0]),
    );
    const leaks = readdirSync(`${directory.path}/leaks`).map((name) => `leaks/${name}`);
    directory.remove();
    expect(leaks.length).toBeGreaterThan(12);
    for (const where of ["the log", ...leaks])
      expect([where, found.has(where)]).toEqual([where, true]);
  }, 30_000);
});

describe("the search", () => {
  const own = createCanaries();
  const canary = own.at("here");

  test("finds every form, wherever it begins, and says which canary it was", () => {
    for (const { form, bytes } of needlesOf(own.mark)) {
      for (const before of [0, 1, 2, 3, 4_095, 65_535]) {
        const haystack = Buffer.concat([randomBytes(before), bytes, randomBytes(50)]);
        const forms = searchBytes(own, "x", haystack).map((finding) => finding.form);
        expect([form, before, forms.includes(form)]).toEqual([form, before, true]);
      }
    }
    expect(searchText(own, "x", `…${canary}…`)[0]).toMatchObject({ form: "plain", place: "here" });
  });

  test("finds base64 of whatever stood before, and what was compressed, also in pieces", () => {
    for (const before of ["", "a", "ab", "abc"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        const text = Buffer.from(`${before}${canary}`).toString(encoding);
        expect(searchText(own, "x", text).length).toBeGreaterThan(0);
      }
    }
    const long = `${canary}${randomBytes(4_000).toString("hex")}`;
    for (const compressed of [gzipSync(long), zstdCompressSync(long), deflateRawSync(long)]) {
      const haystack = Buffer.concat([Buffer.from("some head "), compressed, randomBytes(30)]);
      expect(searchBytes(own, "x", haystack).length).toBeGreaterThan(0);
    }
    const cut = gzipSync(long).subarray(0, 600);
    expect(searchBytes(own, "x", cut).length).toBeGreaterThan(0);
  });

  test("finds nothing where there is nothing", () => {
    expect(searchBytes(own, "x", randomBytes(500_000))).toEqual([]);
    expect(searchText(own, "x", createCanaries().at("another run's"))).toEqual([]);
  });
});
