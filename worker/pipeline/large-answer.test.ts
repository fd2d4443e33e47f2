import { describe, expect, test } from "bun:test";
import { WIRES } from "../dialects/index.ts";
import { readLargeAnswer } from "./large-answer.ts";

const LONG = "a long text ".repeat(40_000);
const USAGE = { input_tokens: 90_000, output_tokens: 1_000, total_tokens: 91_000 };

function factsOf(answer: object, endpoint: keyof typeof WIRES = "responses") {
  const bytes = Buffer.from(JSON.stringify(answer));
  return readLargeAnswer(WIRES[endpoint], bytes, bytes);
}

/** In the order in which OpenAI's has them. */
const response = (more: object) => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  error: null,
  instructions: LONG,
  model: "gpt-5",
  output: [],
  service_tier: "priority",
  tools: [],
  usage: USAGE,
  user: null,
  metadata: {},
  ...more,
});

describe("of a large answer", () => {
  test("what it was and what it used is found, before and behind a long text", () => {
    expect(factsOf(response({}))).toMatchObject({
      model: "gpt-5",
      responseId: "resp_1",
      serviceTier: "priority",
      usage: { inputTokens: 90_000, outputTokens: 1_000 },
    });
    const embeddings = {
      object: "list",
      data: [{ embedding: Array(200_000).fill(0.25) }],
      model: "text-embedding-3-small",
      usage: { prompt_tokens: 7, total_tokens: 7 },
    };
    expect(factsOf(embeddings, "embeddings")).toMatchObject({
      model: "text-embedding-3-small",
      usage: { inputTokens: 7 },
    });
  });

  test("what stands across the end of its beginning is found, and what is no JSON has nothing", () => {
    for (let at = 65_536 - 60; at < 65_536 + 60; at++) {
      const bytes = Buffer.from(
        `{"pad":"${"a".repeat(at)}","usage":{"input_tokens":5},"m\\u006fdel":"x","rest":"${LONG}"}`,
      );
      // Neither the beginning nor the end has all of it; whatever is cut must not be half read.
      const { usage } = readLargeAnswer(WIRES.responses, bytes, bytes);
      expect([at, usage?.inputTokens ?? 5]).toEqual([at, 5]);
    }
    for (const text of ['{"\\q":1}', "<html>", '{"', '{"a', '{"\\u00', '["usage":{}]', ""]) {
      const bytes = Buffer.from(text);
      expect([text, readLargeAnswer(WIRES.responses, bytes, bytes).usage]).toEqual([text, null]);
    }
  });

  const WRITTEN: readonly (readonly [string, object])[] = [
    ["metadata", { metadata: { usage: "{}", model: "gpt-5-nano", service_tier: "flex" } }],
    ["metadata, as JSON in a text", { metadata: { x: JSON.stringify({ usage: { a: 1 } }) } }],
    ["tools", { tools: [{ parameters: { model: "gpt-5-nano", usage: { input_tokens: 1 } } }] }],
    ["output", { output: [{ model: "gpt-5-nano", usage: {} }, '"usage": {}'] }],
  ];
  for (const [where, more] of WRITTEN) {
    test(`what a caller wrote into ${where} counts for nothing`, () => {
      const facts = factsOf(response(more));
      expect(facts).toMatchObject({
        model: "gpt-5",
        serviceTier: "priority",
        usage: { inputTokens: 90_000, outputTokens: 1_000 },
      });
      const { usage: _, ...unmetered } = response(more);
      expect(factsOf(unmetered).usage).toBeNull();
    });
  }
});
