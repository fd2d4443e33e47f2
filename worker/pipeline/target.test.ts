/** Which models there are to ask for, by what is configured. */
import { describe, expect, test } from "bun:test";
import { startGateway } from "../testing/gateway.ts";
import { firstTry, listModels, type FirstTry } from "./target.ts";

const local = (more: object) =>
  JSON.stringify({
    local: { kind: "openai-compatible", base_url: "http://127.0.0.1:1/v1", ...more },
  });

test("a list of models has each id once, and an alias before the model of its name", async () => {
  const started = await startGateway({
    ANYRAY_PROVIDERS: JSON.stringify({
      demo: { kind: "demo", models: ["demo", "demo-slow"] },
      aliases: { demo: "demo/demo-slow", "demo/demo": "demo/demo-slow" },
    }),
  });
  try {
    const ids = listModels(started.gateway.deps.routing).map(({ id }) => id);
    expect(ids).toEqual(["demo", "demo/demo", "demo/demo-slow", "demo-slow"]);
  } finally {
    await started.stop();
  }
});

describe("a first try", () => {
  const BY_ENV: readonly (readonly [string, Record<string, string>, FirstTry | null])[] = [
    ["the demo", {}, { endpoint: "chat", model: "demo/demo" }],
    [
      "a model that people ask OpenAI for today",
      { OPENAI_API_KEY: "sk-1" },
      { endpoint: "chat", model: "openai/gpt-5-mini" },
    ],
    [
      "one of Anthropic's, in its own dialect, where nobody speaks another",
      { ANTHROPIC_API_KEY: "sk-1" },
      { endpoint: "messages", model: "anthropic/claude-haiku-4-5" },
    ],
    [
      "the first of the operator's list that chats",
      { ANYRAY_PROVIDERS: local({ models: ["text-embed-1", "own", "gpt-4o-mini"] }) },
      { endpoint: "chat", model: "local/own" },
    ],
    ["nothing, where nothing is listed", { ANYRAY_PROVIDERS: local({ price_id: null }) }, null],
  ];
  for (const [name, env, expected] of BY_ENV) {
    test(`is ${name}`, async () => {
      const started = await startGateway(env);
      try {
        expect(firstTry(started.gateway.deps.routing)).toEqual(expected);
      } finally {
        await started.stop();
      }
    });
  }
});
