/**
 * One contract for the trace back ends: a real Jaeger behind a real Collector, and the same spans in Tempo's shapes. Tempo itself is
 * not run here.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { startGateway, providersAt, type TestGateway } from "./gateway.ts";
import { temporaryDirectory } from "./gateway-process.ts";
import { startTempoShapes } from "./tempo-shapes.ts";
import * as backends from "./trace-backends.ts";
import { until } from "./until.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const CLI = join(import.meta.dirname, "..", "cli", "main.ts");
const isCi = process.env["CI"] === "true";
const suite = isCi || (await backends.findTraceBackends()) !== null ? describe : describe.skip;

suite("a trace back end", () => {
  let jaeger: backends.JaegerProcess;
  let collector: backends.CollectorProcess;
  let tempo: Awaited<ReturnType<typeof startTempoShapes>>;
  let upstream: Upstream;
  const queue = temporaryDirectory();
  beforeAll(async () => {
    jaeger = await backends.startJaeger();
    collector = await backends.startCollector({ exportTo: jaeger.otlpUrl, dataDir: queue.path });
    tempo = await startTempoShapes(() => jaeger.queryUrl);
    let count = 0;
    upstream = await startUpstream((_, reply) => {
      count += 1;
      if (count % 2 === 0) return reply.json(500, { error: { message: "no" } });
      const message = { role: "assistant", content: "hello" };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      reply.json(200, {
        id: "c",
        model: "m-1",
        choices,
        usage: { prompt_tokens: 7, completion_tokens: 5 },
      });
    });
  }, 60_000);
  afterAll(async () => {
    await collector.stop();
    await jaeger.stop();
    await tempo.stop();
    await upstream.stop();
    queue.remove();
  }, 30_000);

  const urls = { jaeger: () => jaeger.queryUrl, tempo: () => tempo.url };
  const settings = (name: keyof typeof urls) => ({
    ANYRAY_TRACES: name,
    ANYRAY_TRACES_URL: urls[name](),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });

  async function admin(gateway: TestGateway, path: string) {
    const headers = { authorization: `Bearer ${gateway.adminToken}` };
    return (await gateway.fetch(path, { headers })).json();
  }

  /** `anyray traces verify`, as a person runs it. */
  async function verify(name: keyof typeof urls, changes: Readonly<Record<string, string>> = {}) {
    const child = Bun.spawn([process.execPath, CLI, "traces", "verify", "--json"], {
      env: { PATH: process.env["PATH"] ?? "", ...settings(name), ...changes },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [code, out] = [await child.exited, await new Response(child.stdout).text()];
    return { exit: code, result: JSON.parse(out) };
  }

  for (const name of ["jaeger", "tempo"] as const) {
    describe(name, () => {
      test("gives back the spans that the ledger tells of, and no content", async () => {
        const gateway = await startGateway({
          ANYRAY_PROVIDERS: providersAt(upstream.url),
          ANYRAY_CONTENT_MODE: "encrypted",
          ...settings(name),
        });
        // The first look of the exporter is its place: what came before stays where it is.
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        for (let n = 0; n < 2; n++) {
          const messages = [{ role: "user", content: "a secret question" }];
          const response = await gateway.post("/v1/chat/completions", { model: "m", messages });
          await response.text();
          const id = response.headers.get("x-anyray-trace-id");
          const early = await admin(gateway, `/admin/traces/${id}`);
          expect(early).toMatchObject({ source: "ledger", source_code: "trace_not_found" });
          const stored = await until(async () => {
            const answer = await admin(gateway, `/admin/traces/${id}`);
            return answer.source === name && answer.spans.length === 2 ? answer : null;
          });
          expect(stored.source_code).toBeNull();
          expect(stored.spans).toEqual(early.spans);
          expect(stored.content.length).toBeGreaterThan(0);
          expect(JSON.stringify(stored)).not.toContain('"anyray.content.input"');
        }
        const { checks } = await until(async () => {
          const answer = await admin(gateway, "/readyz");
          return answer.checks.trace_round_trip === undefined ? null : answer;
        });
        expect(checks.trace_round_trip).toEqual({ state: "ok", code: null });
        await gateway.stop();
      }, 60_000);

      test("finds a request in its caller's trace, and only that, where callers are trusted", async () => {
        const gateway = await startGateway({
          ANYRAY_PROVIDERS: providersAt(upstream.url),
          ANYRAY_CONTENT_MODE: "encrypted",
          ANYRAY_TRUST_TRACEPARENT: "true",
          ...settings(name),
        });
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        const [callers, span] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
        const ids: string[] = [];
        for (let n = 0; n < 2; n++) {
          const response = await gateway.post(
            "/v1/chat/completions",
            { model: "m", messages: [{ role: "user", content: "hi" }] },
            { traceparent: `00-${callers}-${span}-00` },
          );
          await response.text();
          ids.push(response.headers.get("x-anyray-trace-id") ?? "");
        }
        for (const id of ids) {
          const stored = await until(async () => {
            const answer = await admin(gateway, `/admin/traces/${id}`);
            return answer.source === name && answer.spans.length === 2 ? answer : null;
          });
          expect(stored.caller).toEqual({ trace_id: callers, span_id: span, use: "parent" });
          expect(stored.spans[0].parent_span_id).toBe(span);
          expect(stored.spans[1].parent_span_id).toBe(stored.spans[0].span_id);
          for (const each of stored.spans) {
            expect(each.attributes["anyray.request_id"]).toBe(`req_${id}`);
          }
        }
        await gateway.stop();
      }, 60_000);

      test("proves itself, and a wrong address is no proof", async () => {
        expect(await verify(name)).toMatchObject({
          exit: 0,
          result: { code: "ok", backend: name },
        });
        const elsewhere = { ANYRAY_TRACES_URL: upstream.url };
        expect((await verify(name, elsewhere)).result.code).toStartWith("backend_");
        const dead = `http://127.0.0.1:${await backends.freePort()}`;
        expect(await verify(name, { OTEL_EXPORTER_OTLP_ENDPOINT: dead })).toMatchObject({
          exit: 1,
          result: { code: "collector_away" },
        });
      }, 60_000);
    });
  }

  test("has only what is sampled; the ledger has all", async () => {
    const gateway = await startGateway({
      ANYRAY_PROVIDERS: providersAt(upstream.url),
      OTEL_TRACES_SAMPLER: "always_off",
      ...settings("jaeger"),
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const response = await gateway.post("/v1/chat/completions", { model: "m", messages: [] });
    await response.text();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const id = response.headers.get("x-anyray-trace-id");
    expect(await admin(gateway, `/admin/traces/${id}`)).toMatchObject({
      source: "ledger",
      source_code: "trace_not_sampled",
      spans: [{ kind: "server" }, { kind: "client" }],
    });
    expect((await fetch(`${jaeger.queryUrl}/api/v3/traces/${id}`)).status).toBe(404);
    await gateway.stop();
  }, 30_000);

  test("that cuts long attributes is found out, and one that gives half a trace is told of", async () => {
    tempo.manners.maxAttributeBytes = 2_048;
    expect(await verify("tempo")).toMatchObject({
      exit: 3,
      result: { code: "content_cut", read_characters: 2_048 },
    });
    tempo.manners.maxAttributeBytes = 65_536;
    tempo.manners.isPartial = true;
    const gateway = await startGateway({
      ANYRAY_PROVIDERS: providersAt(upstream.url),
      ...settings("tempo"),
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const response = await gateway.post("/v1/chat/completions", { model: "m", messages: [] });
    await response.text();
    const path = `/admin/traces/${response.headers.get("x-anyray-trace-id")}`;
    await until(async () =>
      (await admin(gateway, path)).source_code === "trace_partial" ? true : null,
    );
    await tempo.stop();
    expect(await admin(gateway, path)).toMatchObject({
      source: "ledger",
      source_code: "backend_away",
      spans: [{ kind: "server" }, { kind: "client" }],
    });
    await gateway.stop();
  }, 60_000);
});
