/**
 * Requests through the gateway, a real Collector and a real Jaeger: a trace for each, an attempt span for each row, sealed content
 * that opens byte for byte; also when all three are stopped and killed in between. Tempo is not run here.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { openContentObjects } from "../../db/content-objects.ts";
import type { LedgerRow } from "../../db/store.ts";
import { CONTENT_FILES } from "../content/files.ts";
import { openEnvelope } from "../encryption/open.ts";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import { providersAt, startGateway as startHere } from "./gateway.ts";
import { openingKeys } from "./sealed-content.ts";
import * as backends from "./trace-backends.ts";
import { spansOfAnswer, type JaegerAnswer } from "./jaeger-answer.ts";
import { until } from "./until.ts";
import { SSE, startUpstream, type Upstream } from "./upstream.ts";

const isCi = process.env["CI"] === "true";
const suite = isCi || (await backends.findTraceBackends()) !== null ? describe : describe.skip;

interface FoundSpan {
  readonly spanId: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The spans of a trace, as Jaeger has them; null while it is not there. */
async function spansOf(jaeger: backends.JaegerProcess, traceId: string) {
  const response = await fetch(`${jaeger.queryUrl}/api/v3/traces/${traceId}`).catch(() => null);
  if (response === null || !response.ok) return null;
  const spans = spansOfAnswer((await response.json()) as JaegerAnswer);
  return spans.map((span): FoundSpan => {
    const attributes = span.attributes.map(({ key, value }): [string, string] => [
      key,
      String(Object.values(value)[0]),
    ]);
    return { spanId: span.spanId, attributes: new Map(attributes) };
  });
}

suite("every request", () => {
  let jaeger: backends.JaegerProcess;
  let collector: backends.CollectorProcess;
  let upstream: Upstream;
  const queue = temporaryDirectory();
  beforeAll(async () => {
    jaeger = await backends.startJaeger();
    collector = await backends.startCollector({ exportTo: jaeger.otlpUrl, dataDir: queue.path });
    upstream = await startUpstream((request, reply) => {
      const asked = new TextDecoder().decode(request.body);
      if (asked.includes("please fail")) return reply.json(500, { error: { message: "no" } });
      const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
      if (asked.includes('"stream":true')) {
        reply.head(200, SSE);
        reply.chunk(
          `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "hello" }, finish_reason: "stop" }], usage })}\n\ndata: [DONE]\n\n`,
        );
        return reply.end();
      }
      reply.json(200, {
        id: "c",
        model: "m-1",
        choices: [
          { index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" },
        ],
        usage,
      });
    });
  }, 60_000);
  afterAll(async () => {
    await collector.stop();
    await jaeger.stop();
    await upstream.stop();
    queue.remove();
  }, 30_000);

  test("is a trace in Jaeger, whose sealed content opens byte for byte, small and large", async () => {
    const gateway = await startHere({
      ANYRAY_PROVIDERS: providersAt(upstream.url),
      ANYRAY_CONTENT_MODE: "encrypted",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    // At once: also what is answered before the exporter looks for the first time is handed over.
    const sent = ["small question", randomBytes(1_000_000).toString("base64"), "please fail"];
    const bodies = sent.map((content) =>
      JSON.stringify({ model: "m", messages: [{ role: "user", content }] }),
    );
    const traces: string[] = [];
    for (const body of bodies) {
      const response = await gateway.post("/v1/chat/completions", body, {
        "x-anyray-metadata": '{"user":"ann","session":"s-1"}',
      });
      traces.push(response.headers.get("x-anyray-trace-id") ?? "");
      await response.text();
    }
    const rows = await gateway.waitForRows(3);
    for (const [i, traceId] of traces.entries()) {
      const spans = await until(() => spansOf(jaeger, traceId));
      const row: LedgerRow | undefined = rows.find((each) => each.traceId === traceId);
      expect(spans).toHaveLength(2);
      const request = spans.find((span) => span.attributes.has("http.route"));
      const attempt = spans.find((span) => span.attributes.has("anyray.attempt"));
      expect(attempt?.attributes.get("anyray.user")).toBe("ann");
      expect(attempt?.attributes.get("gen_ai.conversation.id")).toBe("s-1");
      expect(attempt?.attributes.get("anyray.outcome")).toBe(row?.outcome ?? "");
      const keys = await openingKeys(gateway.dataDir);
      const text = request?.attributes.get("anyray.content.input");
      const object = request?.attributes.get("anyray.content.input.ref");
      const objects = openContentObjects(join(gateway.dataDir, CONTENT_FILES.objects));
      const envelope =
        text !== undefined
          ? new Uint8Array(Buffer.from(text, "base64"))
          : await objects.get(object ?? "");
      const part = await openEnvelope(envelope ?? new Uint8Array(), keys);
      expect([i, Buffer.from(part.bytes).equals(Buffer.from(bodies[i] ?? ""))]).toEqual([i, true]);
    }
    await gateway.stop();
  }, 60_000);

  test("is there once, however often Collector, back end and gateway are stopped and killed meanwhile", async () => {
    const directory = temporaryDirectory();
    const settings = {
      dataDir: directory.path,
      providers: JSON.parse(providersAt(upstream.url)),
    };
    const start = (endpoint: string): Promise<GatewayProcess> =>
      startGateway({ ...settings, env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
    const send = async (gateway: GatewayProcess, count: number): Promise<void> => {
      const requests = Array.from({ length: count }, async (_, i) => {
        const response = await fetch(`${gateway.url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${gateway.clientKey}` },
          body: JSON.stringify({
            model: "m",
            stream: i % 2 === 0,
            messages: [{ role: "user", content: `n ${i}` }],
          }),
        });
        await response.text();
      });
      await Promise.all(requests);
    };
    let gateway = await start(collector.url);
    await send(gateway, 30);
    await collector.kill();
    await send(gateway, 30);
    await until(async () => {
      const response = await fetch(`${gateway.url}/readyz`, {
        headers: { authorization: `Bearer ${gateway.adminToken}` },
      });
      // A Collector that is away stops no request.
      expect(response.status).toBe(200);
      const { traces } = (await response.json()).checks;
      return traces.code === "collector_away" ? true : null;
    });
    await gateway.kill();
    await jaeger.stop();
    collector = await backends.startCollector({ exportTo: jaeger.otlpUrl, dataDir: queue.path });
    gateway = await start(collector.url);
    await send(gateway, 30);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    jaeger = await backends.startJaeger({ otlpPort: Number(new URL(jaeger.otlpUrl).port) });
    const records = await gateway.records();
    expect(records).toHaveLength(90);
    const missing = new Set(records.slice(0, 60).map((record) => record.trace_id));
    await until(async () => {
      for (const traceId of missing) {
        const spans = await spansOf(jaeger, traceId);
        if (spans === null) continue;
        expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(2);
        missing.delete(traceId);
      }
      return missing.size === 0 ? true : null;
    });
    await gateway.stop();
    directory.remove();
  }, 90_000);
});
