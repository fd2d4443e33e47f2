/**
 * One trace through the real Collector into a real Jaeger and back: what is allowed arrives byte for byte, what is not is
 * gone, and what was answered with 200 is delivered later if the back end was away. Tempo is not run here.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "../worker/testing/gateway-process.ts";
import * as backends from "../worker/testing/trace-backends.ts";
import allowed from "./attributes.json" with { type: "json" };

const READ_LIMIT_MS = 12_000;
const INLINE_BYTES = 16 * 1024;
const PROMPT = "the readable prompt that must not arrive";

type Value =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly boolValue: boolean };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly events?: readonly {
    readonly name: string;
    readonly attributes?: readonly Attribute[];
  }[];
  readonly status?: { readonly message?: string };
}
interface ResourceSpans {
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
}

const text = (key: string, stringValue: string): Attribute => ({ key, value: { stringValue } });
const hex = (bytes: number) => randomBytes(bytes).toString("hex");
const sealed = () => randomBytes(INLINE_BYTES).toString("base64");

/** OTLP/JSON of one trace with one span. */
function traceOf(traceId: string, attributes: readonly Attribute[]) {
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    resourceSpans: [
      {
        resource: { attributes: [text("service.name", "anyray"), text("host.name", PROMPT)] },
        scopeSpans: [
          {
            scope: { name: "anyray", attributes: [text("scope.note", PROMPT)] },
            spans: [
              {
                traceId,
                spanId: hex(8),
                name: "chat other",
                kind: 3,
                startTimeUnixNano: String(now - 1_000_000n),
                endTimeUnixNano: String(now),
                attributes,
                events: [
                  {
                    timeUnixNano: String(now),
                    name: "first chunk",
                    attributes: [text("exception.message", PROMPT)],
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  };
}

async function send(url: string, body: object): Promise<number> {
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

/** By id, once it is there. */
async function readTrace(queryUrl: string, traceId: string): Promise<readonly ResourceSpans[]> {
  const deadline = performance.now() + READ_LIMIT_MS;
  for (;;) {
    const response = await fetch(`${queryUrl}/api/v3/traces/${traceId}`);
    const answer = (await response.json()) as {
      readonly result?: { readonly resourceSpans: readonly ResourceSpans[] };
    };
    if (response.ok && answer.result !== undefined) return answer.result.resourceSpans;
    if (performance.now() > deadline)
      throw new Error(`the trace did not arrive: ${response.status}`);
    await sleep(50);
  }
}

function onlySpan(resourceSpans: readonly ResourceSpans[]): Span {
  const spans = resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans));
  expect(spans.length).toBe(1);
  const [span] = spans;
  if (span === undefined) throw new Error("no span");
  return span;
}

const isCi = process.env["CI"] === "true";
// Under CI the tests run in any case, and fail where the programs are missing.
const suite = isCi || (await backends.findTraceBackends()) !== null ? describe : describe.skip;

suite("the Collector before Jaeger", () => {
  const directory = temporaryDirectory();
  let jaeger: backends.JaegerProcess;
  let collector: backends.CollectorProcess;
  beforeAll(async () => {
    await backends.findTraceBackends();
    jaeger = await backends.startJaeger();
    collector = await backends.startCollector({
      exportTo: jaeger.otlpUrl,
      dataDir: directory.path,
    });
  }, 40_000);
  afterAll(async () => {
    await collector?.stop();
    await jaeger?.stop();
    directory.remove();
  });

  test("delivers two sealed parts at the inline limit byte for byte", async () => {
    const traceId = hex(16);
    const parts = { input: sealed(), output: sealed() };
    const attributes = [
      text("anyray.content.input", parts.input),
      text("anyray.content.output", parts.output),
    ];
    expect(await send(collector.url, traceOf(traceId, attributes))).toBe(200);
    const span = onlySpan(await readTrace(jaeger.queryUrl, traceId));
    const found = new Map(span.attributes.map(({ key, value }) => [key, value]));
    expect(found.get("anyray.content.input")).toEqual({ stringValue: parts.input });
    expect(found.get("anyray.content.output")).toEqual({ stringValue: parts.output });
  });

  test("keeps every attribute of the list, with its type", async () => {
    const traceId = hex(16);
    const attributes: Attribute[] = allowed.map((key, index) =>
      key.endsWith("_tokens")
        ? { key, value: { intValue: String(2 ** 40 + index) } }
        : key.endsWith(".unpriced")
          ? { key, value: { boolValue: true } }
          : text(key, `value ${index}`),
    );
    await send(collector.url, traceOf(traceId, attributes));
    const span = onlySpan(await readTrace(jaeger.queryUrl, traceId));
    const found = span.attributes.filter(({ key }) => allowed.includes(key));
    const byKey = (a: Attribute, b: Attribute) => (a.key < b.key ? -1 : 1);
    expect(found.sort(byKey)).toEqual(attributes.sort(byKey));
  });

  test("lets the metadata pass that an operator has kept, by its pattern and no further", async () => {
    const traceId = hex(16);
    const passed = ["anyray.metadata.project", `anyray.metadata.${"k".repeat(32)}`];
    const removed = [
      "anyray.metadata.",
      "anyray.metadata.1st",
      "anyray.metadata.a.b",
      "anyray.metadata.a b",
      `anyray.metadata.${"k".repeat(33)}`,
      "x.anyray.metadata.project",
    ];
    const attributes = [
      ...passed.map((key) => text(key, "apollo 11")),
      ...removed.map((key) => text(key, PROMPT)),
    ];
    await send(collector.url, traceOf(traceId, attributes));
    const trace = await readTrace(jaeger.queryUrl, traceId);
    expect(JSON.stringify(trace)).not.toContain(PROMPT);
    const found = onlySpan(trace).attributes.filter(({ key }) => key.includes("metadata"));
    expect(found.map(({ key }) => key).sort()).toEqual([...passed].sort());
    expect(found.every(({ value }) => JSON.stringify(value).includes("apollo 11"))).toBe(true);
  });

  test("removes readable content and every other foreign attribute, and counts them", async () => {
    const traceId = hex(16);
    const attributes = [
      text("gen_ai.request.model", "gpt-5"),
      text("gen_ai.input.messages", JSON.stringify([{ role: "user", content: PROMPT }])),
      text("gen_ai.output.messages", PROMPT),
      text("url.full", PROMPT),
      // One letter beside the list.
      text("Anyray.user", PROMPT),
      text("anyray.user ", PROMPT),
      text("anyray.content.input.plain", PROMPT),
    ];
    await send(collector.url, traceOf(traceId, attributes));
    const trace = await readTrace(jaeger.queryUrl, traceId);
    expect(JSON.stringify(trace)).not.toContain(PROMPT);
    const span = onlySpan(trace);
    const found = new Map(span.attributes.map(({ key, value }) => [key, value]));
    expect(found.get("gen_ai.request.model")).toEqual({ stringValue: "gpt-5" });
    expect(found.get("redaction.redacted.count")).toEqual({ intValue: "6" });
    expect([...found.keys()].filter((key) => !key.includes(".redacted."))).toEqual([
      "gen_ai.request.model",
    ]);
    const resource = trace[0]?.resource.attributes.map(({ key }) => key);
    expect(resource).toContain("service.name");
    expect(resource).not.toContain("host.name");
  });

  test("does not touch names, links and status messages: the gateway must not write text there", async () => {
    const traceId = hex(16);
    const body = traceOf(traceId, []);
    const scopeSpans = body.resourceSpans[0]?.scopeSpans[0];
    const span = scopeSpans?.spans[0];
    if (span === undefined) throw new Error("no span");
    Object.assign(scopeSpans?.scope ?? {}, { version: "a version passes" });
    Object.assign(span, {
      name: "a name passes",
      traceState: "state=passes",
      links: [{ traceId: hex(16), spanId: hex(8), attributes: [text("note", "a link passes")] }],
      status: { code: 2, message: "a message passes" },
    });
    await send(collector.url, body);
    const trace = await readTrace(jaeger.queryUrl, traceId);
    const found = onlySpan(trace);
    expect([found.name, found.status?.message]).toEqual(["a name passes", "a message passes"]);
    const all = JSON.stringify(trace);
    for (const passed of ["a version passes", "state=passes", "a link passes"]) {
      expect(all).toContain(passed);
    }
  });

  test("refuses a body above 20 MiB with a status that must not be retried", async () => {
    const body = traceOf(hex(16), [text("anyray.user", "x".repeat(20 * 1024 * 1024))]);
    expect(await send(collector.url, body)).toBe(400);
  });

  test("takes traces only", async () => {
    for (const signal of ["logs", "metrics"]) {
      const response = await fetch(`${collector.url}/v1/${signal}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      await response.body?.cancel();
      expect([signal, response.status]).toEqual([signal, 404]);
    }
  });
});

suite("a back end that is away", () => {
  /** Longer than the batches wait: the spans are taken from the queue, and their sending has failed once. */
  const TRYING_MS = 600;
  const endings = [
    { name: "was killed at once", waitMs: 0, end: (it: backends.CollectorProcess) => it.kill() },
    {
      name: "was killed while it tried",
      waitMs: TRYING_MS,
      end: (it: backends.CollectorProcess) => it.kill(),
    },
    {
      name: "was stopped while it tried",
      waitMs: TRYING_MS,
      end: (it: backends.CollectorProcess) => it.stop(),
    },
  ];
  for (const { name, waitMs, end } of endings) {
    test(`gets afterwards what was answered with 200, also when the Collector ${name}`, async () => {
      const directory = temporaryDirectory();
      const port = await backends.freePort();
      const options = { exportTo: `http://127.0.0.1:${port}`, dataDir: directory.path };
      const first = await backends.startCollector(options);
      const traceIds = Array.from({ length: 20 }, () => hex(16));
      const part = sealed();
      for (const traceId of traceIds) {
        const body = traceOf(traceId, [text("anyray.content.input", part)]);
        expect(await send(first.url, body)).toBe(200);
      }
      await sleep(waitMs);
      await end(first);
      const second = await backends.startCollector(options);
      const jaeger = await backends.startJaeger({ otlpPort: port });
      try {
        for (const traceId of traceIds) {
          const span = onlySpan(await readTrace(jaeger.queryUrl, traceId));
          expect(span.attributes).toContainEqual(text("anyray.content.input", part));
        }
      } finally {
        await second.stop();
        await jaeger.stop();
        directory.remove();
      }
    }, 50_000);
  }
});
