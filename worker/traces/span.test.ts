import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeRow } from "../../db/contract/rows.ts";
import type { ContentRow } from "../../db/store.ts";
import allowed from "../../otel-collector/attributes.json" with { type: "json" };
import { requestSpanId } from "../ids.ts";
import { plainEnvelope } from "../encryption/seal.ts";
import { OPAQUE_ENDPOINTS } from "../chat.ts";
import { METADATA_NAMES, RESOURCE_NAMES, SPAN_NAMES, type SpanName } from "./names.ts";
import { attemptSpan, attemptSpanId, isFollowed, requestSpan } from "./span.ts";

const TRACE = `${"0".repeat(16)}${"ab".repeat(8)}`;
const row = makeRow({ traceId: TRACE, attempt: 1 });

describe("spans", () => {
  test("carry no name that the Collector would take away", () => {
    const passed = new Set(allowed);
    const names = [...RESOURCE_NAMES, ...SPAN_NAMES];
    expect(names.filter((name) => !passed.has(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("have all their names in the table of the README, and it has no other", () => {
    const text = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
    const table = text.slice(text.indexOf("| attribute"));
    const named = [...table.matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name);
    expect(named).toEqual([...RESOURCE_NAMES, ...SPAN_NAMES]);
  });

  test("are one for the request and one for each attempt, below it", () => {
    const request = requestSpan(row, []);
    const attempt = attemptSpan(row);
    expect([request.kind, request.parentSpanId, request.spanId]).toEqual([
      "server",
      null,
      requestSpanId(TRACE),
    ]);
    expect([attempt?.kind, attempt?.parentSpanId, attempt?.spanId]).toEqual([
      "client",
      request.spanId,
      attemptSpanId(TRACE, 1),
    ]);
    expect(attemptSpanId(TRACE, 2)).not.toBe(attemptSpanId(TRACE, 1));
    expect(attemptSpan({ ...row, attempt: 0 })).toBeNull();
  });

  test("say what the row says, and leave out what it doesn't", () => {
    const span = attemptSpan({
      ...row,
      outcome: "ok",
      usageSource: "provider",
      inputTokens: 12,
      costPicoUsd: 5n,
      user: null,
    });
    expect(span?.attributes.get("gen_ai.usage.input_tokens")).toBe(12);
    expect(span?.attributes.get("anyray.cost_usd")).toBe("0.000000000005");
    expect(span?.attributes.has("anyray.user")).toBe(false);
    expect(span?.attributes.has("error.type")).toBe(false);
    const failed = requestSpan({ ...row, outcome: "timeout", usageSource: "none" }, []);
    expect([failed.isError, failed.attributes.get("error.type")]).toEqual([true, "timeout"]);
    expect(failed.attributes.has("gen_ai.usage.input_tokens")).toBe(false);
  });

  test("point to a caller's span, or are part of its trace; the request's id is ours either way", () => {
    const [callers, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    const linked = requestSpan({ ...row, callerSpan: `${callers}-${span}-link` }, []);
    expect([linked.traceId, linked.parentSpanId]).toEqual([TRACE, null]);
    expect(linked.link).toMatchObject({ traceId: callers, spanId: span });
    const trusted = { ...row, callerSpan: `${callers}-${span}-parent` };
    const below = requestSpan(trusted, []);
    expect([below.traceId, below.parentSpanId, below.link]).toEqual([callers, span, null]);
    const attempt = attemptSpan(trusted);
    expect([attempt?.traceId, attempt?.parentSpanId]).toEqual([callers, below.spanId]);
    for (const each of [below, attempt]) {
      expect(each?.attributes.get("anyray.request_id")).toBe(`req_${TRACE}`);
    }
  });

  test("name what of the metadata was kept, one attribute a key, by names that the Collector lets pass", () => {
    const kept = { ...row, metadata: '{"cost-centre":"4711","project":"Apollo 11"}' };
    for (const span of [requestSpan(kept, []), attemptSpan(kept)]) {
      const names = [...(span?.attributes ?? [])].filter(([name]) => METADATA_NAMES.test(name));
      expect(names).toEqual([
        ["anyray.metadata.cost-centre", "4711"],
        ["anyray.metadata.project", "Apollo 11"],
      ]);
    }
    const strange = attemptSpan({
      ...row,
      metadata: '{"a b":"c","d":"tell me all about your day"}',
    });
    expect(
      [...(strange?.attributes.keys() ?? [])].filter((name) => name.includes("metadata")),
    ).toEqual([]);
  });

  test("of what passes unread name the endpoint, and no method where a row does not say which", () => {
    const names = (endpoint: string) => {
      const span = requestSpan({ ...row, endpoint, dialect: "opaque", modelRequested: null }, []);
      return ["http.route", "http.request.method", "gen_ai.operation.name"].map((name) =>
        span.attributes.get(name as SpanName),
      );
    };
    expect(names("images")).toEqual(["/v1/images/{path}", "POST", "images"]);
    expect(names("files")).toEqual(["/v1/files/{path}", undefined, "files"]);
    for (const endpoint of OPAQUE_ENDPOINTS) expect(String(names(endpoint)[0])).toMatch(/^\/v1\//);
  });

  test("say why the model stopped, and `error` where the stream was cut", () => {
    const reasons = (change: Partial<typeof row>) =>
      attemptSpan({ ...row, ...change })?.attributes.get("gen_ai.response.finish_reasons");
    expect(reasons({ finishReason: "tool_call" })).toEqual(["tool_call"]);
    expect(reasons({ finishReason: null, outcome: "cut" })).toEqual(["error"]);
    expect(reasons({ finishReason: null, outcome: "timeout" })).toBeUndefined();
  });

  test("say that content was to be kept and is not there", () => {
    const mode = (contentMode: string | null) =>
      requestSpan({ ...row, contentMode }, []).attributes.get("anyray.content.mode");
    expect([mode("encrypted"), mode("off"), mode(null)]).toEqual(["lost", "off", undefined]);
  });

  test("say of a stored part that is no envelope that it is unreadable, and are made all the same", () => {
    const part: ContentRow = {
      traceId: TRACE,
      spanId: requestSpanId(TRACE),
      field: "input",
      timeMs: 1,
      mode: "encrypted",
      content: { state: "inline", envelope: new Uint8Array([0, 17]), sha256: "a".repeat(64) },
    };
    const { attributes } = requestSpan(row, [part]);
    expect(attributes.get("anyray.content.input.omitted")).toBe("unreadable");
    expect(attributes.has("anyray.content.input")).toBe(false);
  });

  test("an attempt that another one followed ends no request", () => {
    expect(isFollowed({ ...row, status: null, outcome: "upstream_error" })).toBe(true);
    expect(isFollowed({ ...row, status: null, outcome: "crashed" })).toBe(false);
    expect(isFollowed({ ...row, status: 502, outcome: "upstream_error" })).toBe(false);
  });

  test("carry sealed parts as they are, references for large ones, and the reason for none", () => {
    const part = {
      traceId: TRACE,
      spanId: requestSpanId(TRACE),
      timeMs: 1,
      mode: "plaintext",
    } as const;
    const envelope = plainEnvelope(
      { ...part, field: "input", media: "json", isCut: false, bytes: new Uint8Array(5) },
      "cd".repeat(16),
    );
    const object = `2026-11-24/ab/${"0".repeat(32)}`;
    const content: ContentRow[] = [
      { ...part, field: "input", content: { state: "inline", envelope, sha256: "a".repeat(64) } },
      {
        ...part,
        field: "output",
        content: { state: "object", object, sizeBytes: 70_000, sha256: "b".repeat(64) },
      },
    ];
    const { attributes } = requestSpan(row, content);
    expect(attributes.get("anyray.content.input")).toBe(Buffer.from(envelope).toString("base64"));
    expect(attributes.get("anyray.content.input.bytes")).toBe(envelope.length);
    expect(attributes.get("anyray.content.subject")).toBe("cd".repeat(16));
    expect(attributes.get("anyray.content.output.ref")).toBe(object);
    const omitted = requestSpan(row, [
      { ...part, field: "output", content: { state: "omitted", reason: "too_large" } },
    ]);
    expect(omitted.attributes.get("anyray.content.output.omitted")).toBe("too_large");
  });
});
