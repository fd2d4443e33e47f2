/** The fixtures against themselves: complete, well-formed, and as told; and the gateway's readers against the fixtures. */
import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latin1 } from "../bytes.ts";
import { WIRES } from "../dialects/index.ts";
import { parseJsonObject } from "../dialects/read.ts";
import type { AnswerFacts } from "../dialects/wire.ts";
import { eventData, SseSplitter } from "../stream/sse.ts";
import { loadFixtures, type Fixture } from "./fixtures.ts";

const fixtures = loadFixtures();
const streams = fixtures.filter((fixture) => fixture.isStream);
const bodies = fixtures.filter((fixture) => !fixture.isStream);

function textOf({ bytes }: Fixture): string {
  return new TextDecoder().decode(bytes);
}

describe("loading", () => {
  const inFolder = (files: Record<string, string>, use: (root: string) => void): void => {
    const root = mkdtempSync(join(tmpdir(), "fixtures-"));
    try {
      mkdirSync(join(root, "openai-chat"));
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(root, "openai-chat", name), text);
      }
      use(root);
    } finally {
      rmSync(root, { recursive: true });
    }
  };

  test("fails where there is nothing", () => {
    inFolder({}, (root) => expect(() => loadFixtures(root)).toThrow("no fixtures"));
  });

  test("fails for a half without its other half", () => {
    inFolder({ "a.sse": "" }, (root) => expect(() => loadFixtures(root)).toThrow());
    inFolder({ "a.sse.expected.json": "{}" }, (root) => {
      expect(() => loadFixtures(root)).toThrow("has nothing beside it");
    });
  });

  test("fails for an expectation that is not well-formed", () => {
    inFolder({ "a.sse": "", "a.sse.expected.json": "{}" }, (root) => {
      expect(() => loadFixtures(root)).toThrow("wrong members");
    });
  });
});

describe("each dialect", () => {
  const needed: Readonly<Record<string, readonly string[]>> = {
    "openai-chat": [
      ..."plain cached cache-write reasoning tool-calls aborted truncated error-event".split(" "),
      ..."groq deepseek mistral llama-cpp vllm azure openrouter crlf two-choices".split(" "),
    ].map((name) => `${name}.sse`),
    "openai-completions": [
      "plain.sse",
      "cached.sse",
      "aborted.sse",
      "truncated.sse",
      "error-event.sse",
      "plain.body",
    ],
    "openai-responses":
      "plain cached reasoning tool-calls aborted truncated incomplete failed error-event nameless"
        .split(" ")
        .map((name) => `${name}.sse`),
    "openai-embeddings": ["plain.body", "base64.body", "truncated.body"],
    "anthropic-messages":
      "plain cached cache-write reasoning tool-calls web-search aborted truncated error-event"
        .split(" ")
        .map((name) => `${name}.sse`),
  };
  for (const [dialect, names] of Object.entries(needed)) {
    test(`${dialect} is covered`, () => {
      const present = new Set(fixtures.map(({ name }) => name));
      expect(names.filter((name) => !present.has(`${dialect}/${name}`))).toEqual([]);
      for (const fixture of fixtures.filter(({ name }) => name.startsWith(`${dialect}/`))) {
        expect([fixture.name, fixture.dialect]).toEqual([fixture.name, dialect]);
      }
    });
  }

  test("names its line endings truly: one server ends lines with CRLF, no other does", () => {
    const withCr = fixtures.filter((fixture) => textOf(fixture).includes("\r"));
    expect(withCr.map(({ name }) => name)).toEqual(["openai-chat/crlf.sse"]);
    expect(textOf(withCr[0] as Fixture).replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });
});

/** Every event's data, and what is left behind the last event. */
function eventsOf(fixture: Fixture): { data: string[]; rest: string } {
  const splitter = new SseSplitter();
  const data: string[] = [];
  splitter.push(latin1(fixture.bytes), (event) => {
    const value = eventData(event);
    if (value !== null) data.push(Buffer.from(value, "latin1").toString());
  });
  return { data, rest: splitter.partial };
}

describe("every stream", () => {
  const ENDS: Readonly<Record<string, RegExp>> = {
    "openai-chat": /^\[DONE\]$/,
    "openai-completions": /^\[DONE\]$/,
    "openai-responses": /^\{"type":"response\.(?:completed|incomplete|failed)"/,
    "anthropic-messages": /^\{"type":"message_stop"/,
  };

  for (const fixture of streams) {
    test(`${fixture.name} is valid JSON event by event, and ends as told`, () => {
      const { data, rest } = eventsOf(fixture);
      expect(data.length).toBeGreaterThan(1);
      const valid = data.filter((each) => each === "[DONE]" || parseJsonObject(each) !== null);
      expect(valid).toEqual(data);
      expect(rest !== "").toBe(fixture.name.endsWith("/truncated.sse"));
      const isEnded = data.some((each) => ENDS[fixture.dialect]?.test(each));
      const isFinished =
        fixture.endpoint === "chat" &&
        !fixture.isError &&
        fixture.finishReasons.length === fixture.choices;
      expect(isEnded || isFinished).toBe(fixture.isComplete);
    });

    test(`${fixture.name} is read as expected`, () => {
      const wire = WIRES[fixture.endpoint];
      const reader = wire.openStream({
        hideUsage: false,
        choices: fixture.choices,
      });
      const splitter = new SseSplitter();
      let isEnded = false;
      splitter.push(latin1(fixture.bytes), (event) => {
        if (reader.read(event) === "end") isEnded = true;
      });
      expect(isEnded || reader.isComplete()).toBe(fixture.isComplete);
      expectFacts(reader.facts(), fixture);
      const output = eventsOf(fixture)
        .data.map((data) => parseJsonObject(data))
        // A closing event says all of it once more.
        .map((json) => (json === null || "response" in json ? "" : wire.outputText(json)));
      expect(output.join("")).toContain(fixture.outputTextContains ?? "");
    });
  }
});

describe("every body", () => {
  for (const fixture of bodies.filter(({ status }) => status >= 300)) {
    test(`${fixture.name} is its dialect's error`, () => {
      const json = parseJsonObject(textOf(fixture));
      const type = fixture.dialect === "anthropic-messages" ? "error" : undefined;
      expect(json?.["type"]).toBe(type);
      expect(json?.["error"]).toMatchObject({ type: expect.any(String) });
      expect([fixture.isError, fixture.usage]).toEqual([true, null]);
    });
  }

  for (const fixture of bodies.filter(({ status }) => status < 300)) {
    test(`${fixture.name} is read as expected`, () => {
      const json = parseJsonObject(textOf(fixture));
      expect(json !== null).toBe(fixture.isComplete);
      if (json === null) return;
      const wire = WIRES[fixture.endpoint];
      expectFacts(wire.readAnswer(json), fixture);
      expect(wire.outputText(json)).toContain(fixture.outputTextContains ?? "");
    });
  }
});

function expectFacts(facts: AnswerFacts, fixture: Fixture): void {
  expect(facts).toMatchObject({
    usage: fixture.usage,
    model: fixture.modelServed,
    serviceTier: fixture.serviceTier,
    responseId: fixture.responseId,
    isError: fixture.isError,
    finishReason: expectedFinish(fixture),
    ...(fixture.usage === null ? {} : { isUsageFinal: fixture.isUsageFinal }),
  });
}

/** In the words of the ledger. */
const FINISHES: Readonly<Record<string, string>> = {
  stop: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  completed: "stop",
  length: "length",
  max_tokens: "length",
  tool_calls: "tool_call",
  tool_use: "tool_call",
  content_filter: "content_filter",
  refusal: "content_filter",
  failed: "error",
};

function expectedFinish({ finishReasons, endpoint, name }: Fixture): string | null {
  const [first] = finishReasons;
  if (first === undefined) return null;
  // A response that calls a function is `completed`; why one is `incomplete` stands beside its status.
  if (endpoint === "responses" && name.includes("tool")) return "tool_call";
  if (first === "incomplete") return "length";
  return FINISHES[first] ?? "other";
}

describe("finish reasons", () => {
  for (const fixture of fixtures.filter(({ finishReasons }) => finishReasons.length > 0)) {
    test(`${fixture.name} says ${fixture.finishReasons.join(", ")}`, () => {
      const found = [
        ...textOf(fixture).matchAll(/"(?:finish_reason|stop_reason)": ?"(\w+)"/g),
        ...(fixture.endpoint === "responses" ? closingStatus(fixture) : []),
      ].map((match) => match[1]);
      expect(found.map(String)).toEqual([...fixture.finishReasons]);
    });
  }

  function closingStatus(fixture: Fixture): RegExpMatchArray[] {
    const text = fixture.isStream ? (eventsOf(fixture).data.at(-1) ?? "") : textOf(fixture);
    const match = /"status": ?"(\w+)"/.exec(text);
    return match === null ? [] : [match];
  }
});
