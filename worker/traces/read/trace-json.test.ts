/** Traces as back ends and exporters write them, and as someone who means harm might. */
import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { SourceFault } from "./json-places.ts";
import { traceDocuments } from "./trace-json.ts";

const TRACE = "0193c0ffee007000800000000000000a";
const SPAN = "00000000000000aa";
const PARENT = "0a000000000000aa";
const TIME = Date.parse("2026-11-24T10:00:00Z");
const NANOS = `${TIME}000000`;
const attributes = [
  { key: "anyray.user", value: { stringValue: "ann" } },
  { key: "anyray.content.input.bytes", value: { intValue: "17" } },
  { key: "other", value: { arrayValue: {} } },
];
const span = {
  traceId: TRACE,
  spanId: SPAN,
  parentSpanId: PARENT,
  name: "chat m",
  kind: 3,
  startTimeUnixNano: NANOS,
  endTimeUnixNano: `${TIME + 25}000000`,
  status: { code: 2 },
  attributes,
};
const scopes = (...spans: readonly unknown[]) => [{ scopeSpans: [{ spans }] }];
const otlp = (...spans: readonly unknown[]) => JSON.stringify({ resourceSpans: scopes(...spans) });

const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
const inBase64 = {
  ...span,
  traceId: base64(TRACE),
  spanId: base64(SPAN),
  parentSpanId: base64(PARENT),
  kind: "SPAN_KIND_CLIENT",
  status: { code: "STATUS_CODE_ERROR" },
};
const jaegerSpan = {
  traceID: TRACE.slice(1),
  spanID: "aa",
  operationName: "chat m",
  references: [{ refType: "CHILD_OF", traceID: TRACE, spanID: PARENT.slice(1) }],
  startTime: TIME * 1000,
  duration: 25_400,
  tags: [
    { key: "anyray.user", type: "string", value: "ann" },
    { key: "anyray.content.input.bytes", type: "int64", value: 17 },
    { key: "span.kind", type: "string", value: "client" },
    { key: "error", type: "bool", value: true },
  ],
};

function parseTraceJson(text: string) {
  const documents = [...traceDocuments(text.split("\n"))];
  return {
    spans: documents.flatMap(({ spans }) => spans),
    isPartial: documents.some(({ isPartial }) => isPartial),
  };
}

const NO_JSON =
  "neither all of it nor its first line is JSON: it was cut off, or is something else";

function faultOf(text: string): string {
  try {
    parseTraceJson(text);
  } catch (error) {
    if (error instanceof SourceFault) return error.message;
    throw error;
  }
  return "no fault";
}

describe("a trace in JSON", () => {
  test("gives the same span in every form", () => {
    const forms: Record<string, string> = {
      OTLP: otlp(span),
      "OTLP, older": JSON.stringify({
        resourceSpans: [{ instrumentationLibrarySpans: [{ spans: [span] }] }],
      }),
      "OTLP, a line each": `{"resourceSpans":[]}\r\n\n${otlp(span)}\n`,
      "OTLP, its lists of other signals null": JSON.stringify({
        resourceSpans: [{ resource: null, scopeSpans: [{ spans: [{ ...span, events: null }] }] }],
      }),
      "OTLP, time as a number": otlp({ ...span, startTimeUnixNano: TIME * 1e6 }),
      "OTLP, behind a byte order mark": `\uFEFF${otlp(span)}`,
      "Tempo 1": JSON.stringify({ batches: scopes(inBase64) }),
      "Tempo 2": JSON.stringify({ trace: { resourceSpans: scopes(inBase64) } }),
      "Jaeger 3": JSON.stringify({ result: { resourceSpans: scopes(span) } }),
      Jaeger: JSON.stringify({ data: [{ spans: [jaegerSpan] }], errors: null }),
      "OTLP, for people to read": `\n${JSON.stringify(JSON.parse(otlp(span)), null, 2)}\n`,
      "the same behind a byte order mark": `\uFEFF${JSON.stringify(JSON.parse(otlp(span)), null, 1)}`,
    };
    for (const [name, text] of Object.entries(forms)) {
      const { spans, isPartial } = parseTraceJson(text);
      expect([name, isPartial, spans]).toEqual([
        name,
        false,
        [
          {
            traceId: TRACE,
            spanId: SPAN,
            parentSpanId: PARENT,
            name: "chat m",
            kind: "client",
            startMs: TIME,
            endMs: TIME + 25,
            isError: true,
            attributes: new Map<string, string | number>([
              ["anyray.user", "ann"],
              ["anyray.content.input.bytes", 17],
            ]),
          },
        ],
      ]);
    }
  });

  test("is read line by line: what stands before a fault has been given by then", () => {
    const documents = traceDocuments([otlp(span), otlp(span), "{"]);
    expect(documents.next().value?.spans).toHaveLength(1);
    expect(documents.next().value?.spans).toHaveLength(1);
    expect(() => documents.next()).toThrow("line 3 is no JSON");
  });

  test("gives bytes as their base64, and null for what none of our attributes is", () => {
    const values = [{ bytesValue: "QVJF" }, { boolValue: true }, { doubleValue: 1.5 }, {}, null];
    const mixed = values.map((value, i) => ({ key: `anyray.x${i}`, value }));
    expect([
      ...(parseTraceJson(otlp({ ...span, attributes: mixed })).spans[0]?.attributes ?? []),
    ]).toEqual([
      ["anyray.x0", "QVJF"],
      ["anyray.x1", true],
      ["anyray.x2", 1.5],
      ["anyray.x3", null],
      ["anyray.x4", null],
    ]);
    const tags = [
      { key: "anyray.a", type: "binary", value: "QVJF" },
      { key: "anyray.b", value: {} },
    ];
    const jaeger = JSON.stringify({ data: [{ spans: [{ ...jaegerSpan, tags }] }] });
    expect([...(parseTraceJson(jaeger).spans[0]?.attributes ?? [])]).toEqual([
      ["anyray.a", "QVJF"],
      ["anyray.b", null],
    ]);
  });

  test("passes over spans of other programs, however they look", () => {
    const foreign = { traceId: 7, spanId: "", startTimeUnixNano: {}, attributes: [{ key: 1 }] };
    expect(parseTraceJson(otlp(foreign, {}, span)).spans).toHaveLength(1);
    const data = [{ spans: [{ traceID: null, tags: [{ key: "x" }] }, jaegerSpan] }];
    expect(parseTraceJson(JSON.stringify({ data })).spans).toHaveLength(1);
  });

  test("tells that the back end could not give all of it", () => {
    const partial = { trace: { resourceSpans: scopes(inBase64) }, status: "PARTIAL" };
    expect(parseTraceJson(JSON.stringify(partial)).isPartial).toBe(true);
    expect(parseTraceJson(JSON.stringify({ trace: {} }))).toEqual({ spans: [], isPartial: false });
  });

  test("is refused by its place where it is malformed, and never quoted", () => {
    const secret = "SECRET";
    const at = "resourceSpans[0].scopeSpans[0].spans[0]";
    const faults: readonly (readonly [string, string])[] = [
      ["", "it is empty"],
      [secret, NO_JSON],
      [`{\n"a": "${secret}\n`, NO_JSON],
      [`\n\n{"${secret}`, NO_JSON],
      [`${otlp(span)}\n{"${secret}`, "line 2 is no JSON, or is not whole"],
      [`[{"${secret}":1}]`, "the JSON is no object"],
      [`"${secret}"`, "the JSON is no object"],
      [`${otlp(span)}\n7`, "line 2: the JSON is no object"],
      [`{"resourceSpans":{"${secret}":1}}`, "resourceSpans is no list"],
      [`{"resourceSpans":["${secret}"]}`, "resourceSpans[0] is no object"],
      [`{"trace":"${secret}"}`, "trace is no object"],
      [`{"trace":{"resourceSpans":"${secret}"}}`, "trace.resourceSpans is no list"],
      [`{"batches":[{"scopeSpans":"${secret}"}]}`, "batches[0].scopeSpans is no list"],
      [`{"data":[{"spans":[[]]}]}`, "data[0].spans[0] is no object"],
      [otlp({ ...span, attributes: secret }), `${at}.attributes is no list`],
      [otlp({ ...span, attributes: [...attributes, secret] }), `${at}.attributes[3] is no object`],
      [
        otlp({ ...span, attributes: [{ key: "anyray.user", value: secret }] }),
        `${at}.attributes[0].value is no object`,
      ],
      [
        `{"data":[{"spans":[${JSON.stringify({ ...jaegerSpan, startTime: 1e300 })}]}]}`,
        "data[0].spans[0].startTime is no time",
      ],
    ];
    for (const [text, message] of faults) expect(faultOf(text)).toBe(message);
    expect(faultOf(`{"${secret}":1}`)).toContain("it has none of `resourceSpans`");
    expect(faultOf('{"data":null,"errors":[{"code":404}]}')).toContain("none was found");
  });

  test("has ids and times of the right form, or is refused", () => {
    const ids: readonly unknown[] = [
      null,
      undefined,
      7,
      {},
      "",
      "zz",
      `${TRACE}0`,
      base64(`${TRACE}00`),
      `${base64(TRACE)}!`,
      "\u001b[31m",
    ];
    for (const traceId of ids) {
      expect([traceId, faultOf(otlp({ ...span, traceId }))]).toEqual([
        traceId,
        "resourceSpans[0].scopeSpans[0].spans[0].traceId is no id of 16 bytes in hex or base64",
      ]);
    }
    const times: readonly unknown[] = [-1, "-1", "soon", {}, 1e300, "9".repeat(24), "1.5"];
    for (const startTimeUnixNano of times) {
      expect([startTimeUnixNano, faultOf(otlp({ ...span, startTimeUnixNano }))]).toEqual([
        startTimeUnixNano,
        "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano is no time",
      ]);
    }
    for (const startTimeUnixNano of [null, undefined, 0, "0"]) {
      expect(parseTraceJson(otlp({ ...span, startTimeUnixNano })).spans[0]?.startMs).toBe(null);
    }
    expect(faultOf(otlp(span).replace(`"${NANOS}"`, "1e999"))).toContain("is no time");
  });

  test("may be nested as deep as it likes, and have any member", () => {
    const deep = "[".repeat(200_000);
    for (const text of [deep, `{"data":${deep}`, `{"data":${deep}${"]".repeat(200_000)}}`]) {
      const fault = faultOf(text);
      expect(fault).toMatch(/is JSON|no object/);
      expect(fault.length).toBeLessThan(100);
    }
    const odd = `{"__proto__":{"data":[]},"constructor":1,"toString":null}`;
    expect(faultOf(odd)).toContain("none of");
  });
});
