/** What the demo does on the wire: usage as the gateway reads it, limits, refusals, and failures on demand. */
import { describe, expect, test } from "bun:test";
import { clearImmediate, setImmediate } from "node:timers";
import { latin1, utf8Bytes } from "../../bytes.ts";
import type { Endpoint, Usage } from "../../chat.ts";
import { WIRES } from "../../dialects/index.ts";
import { objectAt, parseJsonObject } from "../../dialects/read.ts";
import type { AnswerFacts } from "../../dialects/wire.ts";
import type { Exchange } from "../../egress.ts";
import { SseSplitter } from "../../stream/sse.ts";
import { receive, type Received } from "../../testing/as-fetch.ts";
import { createDemoProvider, DEMO_MODELS } from "./index.ts";

const provider = createDemoProvider({
  now: () => 1_790_000_000_000,
  after: (_, run) => {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  },
});
const MESSAGES = [{ role: "user", content: "Nobody may ever read this question of mine." }];

const BODIES = {
  chat: { messages: MESSAGES },
  completions: { prompt: MESSAGES[0]?.content, max_tokens: 100 },
  responses: { input: MESSAGES },
  messages: { messages: MESSAGES, max_tokens: 100 },
} as const;
const GENERATING = Object.keys(BODIES) as (keyof typeof BODIES)[];

function send(endpoint: Endpoint, body: unknown): Exchange {
  return provider.send({
    endpoint,
    method: "POST",
    path: `/${endpoint}`,
    query: "",
    headers: [],
    body: [utf8Bytes(typeof body === "string" ? body : JSON.stringify(body))],
    callerCredential: null,
  });
}

interface Answered extends Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask(endpoint: Endpoint, body: unknown): Promise<Answered> {
  const answer = await send(endpoint, body).answer;
  return {
    ...(await receive(answer)),
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
  };
}

/** Reads a stream as the gateway does. */
function follow(
  endpoint: Endpoint,
  text: string,
): { facts: AnswerFacts; ends: number; rest: string } {
  const reader = WIRES[endpoint].openStream({ hideUsage: false, choices: 1 });
  const splitter = new SseSplitter();
  let ends = 0;
  splitter.push(latin1(utf8Bytes(text)), (event) => {
    if (reader.read(event) === "end") ends += 1;
  });
  return { facts: reader.facts(), ends, rest: splitter.partial };
}

async function streamed(endpoint: keyof typeof BODIES, model: string, more: object = {}) {
  const answer = await ask(endpoint, { model, stream: true, ...BODIES[endpoint], ...more });
  return { ...answer, ...follow(endpoint, answer.text) };
}

async function whole(endpoint: keyof typeof BODIES, model: string, more: object = {}) {
  const answer = await ask(endpoint, { model, ...BODIES[endpoint], ...more });
  const json = parseJsonObject(answer.text);
  if (json === null) throw new Error("not JSON");
  return { ...answer, json, facts: WIRES[endpoint].readAnswer(json) };
}

const ASKED = { stream_options: { include_usage: true } };

describe("every generating endpoint", () => {
  for (const endpoint of GENERATING) {
    for (const model of ["demo", "demo-reasoning", "demo-cached", "demo-tools"]) {
      test(`${endpoint}: ${model} reports the same usage streamed and whole`, async () => {
        const one = await streamed(endpoint, model, endpoint === "messages" ? {} : ASKED);
        const other = await whole(endpoint, model);
        expect(one.facts.usage).toEqual(other.facts.usage);
        expect(one.facts.usage?.inputTokens).toBeGreaterThan(0);
        expect(one.facts.model).toBe(model);
        expect(one.ends).toBe(1);
        expect(one.failure).toBeNull();
      });
    }

    test(`${endpoint}: the model of caches reports reads and writes within the input`, async () => {
      const { facts } = await whole(endpoint, "demo-cached");
      const usage = facts.usage;
      if (usage === null) throw new Error("no usage");
      expect(usage.cachedInputTokens).toBeGreaterThan(0);
      expect(usage.cacheWriteTokens).toBeGreaterThan(0);
      expect(usage.cachedInputTokens + usage.cacheWriteTokens).toBeLessThan(usage.inputTokens);
      const plain = (await whole(endpoint, "demo")).facts.usage;
      expect(plain?.inputTokens).toBe(usage.inputTokens);
    });

    test(`${endpoint}: the model without usage reports none, even if asked`, async () => {
      expect((await streamed(endpoint, "demo-no-usage", ASKED)).facts.usage).toBeNull();
      expect((await whole(endpoint, "demo-no-usage")).facts.usage).toBeNull();
    });

    test(`${endpoint}: never says what it was asked`, async () => {
      for (const { id } of DEMO_MODELS) {
        if (id.endsWith("hang") || id.endsWith("silent") || id.endsWith("reset")) continue;
        const answers = [
          await streamed(endpoint, id),
          await ask(endpoint, { model: id, ...BODIES[endpoint] }),
        ];
        for (const answer of answers) expect(answer.text).not.toContain("question");
      }
    });

    test(`${endpoint}: stops at the caller's limit and says so`, async () => {
      const limit = {
        max_tokens: 5,
        ...(endpoint === "responses" ? { max_output_tokens: 5 } : {}),
      };
      const { facts, text } = await streamed(endpoint, "demo", { ...ASKED, ...limit });
      expect(facts.usage?.outputTokens ?? 5).toBe(5);
      const word = {
        chat: '"length"',
        completions: '"length"',
        responses: "response.incomplete",
        messages: '"max_tokens"',
      };
      expect(text).toContain(word[endpoint]);
    });

    test(`${endpoint}: a stream that breaks ends in the middle of an event, without its end`, async () => {
      const { failure, ends, rest } = await streamed(endpoint, "demo-fail-cut");
      expect(failure?.kind).toBe("cut");
      expect(ends).toBe(0);
      expect(rest).not.toBe("");
    });

    test(`${endpoint}: a body that breaks is no JSON`, async () => {
      const { failure, text } = await ask(endpoint, {
        model: "demo-fail-cut",
        ...BODIES[endpoint],
      });
      expect(failure?.kind).toBe("cut");
      expect(text.length).toBeGreaterThan(10);
      expect(parseJsonObject(text)).toBeNull();
    });

    test(`${endpoint}: the error event comes after some of the answer`, async () => {
      const { facts, chunks, failure } = await streamed(endpoint, "demo-fail-error");
      expect(facts.isError).toBe(true);
      expect(facts.usage?.outputTokens ?? 1).toBe(1);
      expect(chunks.length).toBeGreaterThan(3);
      expect(failure).toBeNull();
      expect((await ask(endpoint, { model: "demo-fail-error", ...BODIES[endpoint] })).status).toBe(
        500,
      );
    });
  }
});

describe("a loop of tool calls", () => {
  const schema = { type: "object", properties: {} };
  const later = { role: "user", content: "And then?" };
  const loops: readonly [
    endpoint: keyof typeof BODIES,
    tools: object,
    rounds: object,
    answer: string,
  ][] = [
    [
      "chat",
      {
        tools: [{ type: "function", function: { name: "f", parameters: schema } }],
        tool_choice: "required",
      },
      { messages: [...MESSAGES, { role: "tool", tool_call_id: "call_1", content: "x" }, later] },
      '"tool_calls"',
    ],
    [
      "responses",
      { tools: [{ type: "function", name: "f", parameters: schema }], tool_choice: "required" },
      { input: [...MESSAGES, { type: "function_call_output", call_id: "c", output: "x" }, later] },
      '"function_call"',
    ],
    [
      "messages",
      { tools: [{ name: "f", input_schema: schema }], tool_choice: { type: "any" } },
      {
        messages: [
          ...MESSAGES,
          { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "x" }] },
          later,
        ],
      },
      '"tool_use"',
    ],
  ];
  for (const [endpoint, tools, rounds, call] of loops) {
    for (const stream of [false, true]) {
      test(`${endpoint}: ends in text once there is a result, even if a call is forced${stream ? ", streamed" : ""}`, async () => {
        const request = { model: "demo-tools", stream, ...BODIES[endpoint], ...tools };
        expect((await ask(endpoint, request)).text).toContain(call);
        expect((await ask(endpoint, { ...request, ...rounds })).text).not.toContain(call);
      });
    }
  }
});

describe("the slow model", () => {
  for (const endpoint of GENERATING) {
    test(`${endpoint}: has about 50 tokens to say`, async () => {
      const { facts } = await whole(endpoint, "demo-slow");
      expect(facts.usage?.outputTokens).toBeGreaterThanOrEqual(45);
      expect(facts.usage?.outputTokens).toBeLessThanOrEqual(60);
    });
  }

  test("takes 200 ms a token", async () => {
    const waits: number[] = [];
    const slow = createDemoProvider({
      after: (ms, run) => {
        waits.push(ms);
        const timer = setImmediate(run);
        return () => clearImmediate(timer);
      },
    });
    const exchange = slow.send({
      endpoint: "chat",
      method: "POST",
      path: "/chat/completions",
      query: "",
      headers: [],
      body: [utf8Bytes(JSON.stringify({ model: "demo-slow", stream: true, ...BODIES.chat }))],
      callerCredential: null,
    });
    await receive(await exchange.answer);
    expect(waits.length).toBeGreaterThan(45);
    expect(new Set(waits)).toEqual(new Set([200]));
  });
});

describe("usage of a chat stream", () => {
  test("is not mentioned where nobody asks for it", async () => {
    expect((await streamed("chat", "demo")).text).not.toContain("usage");
  });

  test("is null in every chunk but the one before the end, which has no choices", async () => {
    const { chunks } = await streamed("chat", "demo", ASKED);
    const json = chunks.slice(0, -1).map((chunk) => parseJsonObject(chunk.slice(6)));
    expect(chunks.at(-1)).toBe("data: [DONE]\n\n");
    expect(json.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: json.length - 3 },
    });
    for (const chunk of json.slice(0, -1)) expect(chunk?.["usage"]).toBeNull();
  });

  test("adds up all choices", async () => {
    const one = (await whole("chat", "demo")).facts.usage as Usage;
    const three = (await whole("chat", "demo", { n: 3 })).facts.usage as Usage;
    expect(three.inputTokens).toBe(one.inputTokens);
    expect(three.outputTokens).toBeGreaterThan(2.5 * one.outputTokens);
  });
});

describe("failures on demand", () => {
  for (const status of [400, 401, 403, 404, 429, 500, 503, 529]) {
    test(`${status} comes in either dialect`, async () => {
      const model = `demo-fail-${status}`;
      const chat = await ask("chat", { model });
      const messages = await ask("messages", { model });
      expect([chat.status, messages.status]).toEqual([status, status]);
      expect(parseJsonObject(chat.text)).toMatchObject({ error: { type: expect.any(String) } });
      expect(parseJsonObject(messages.text)).toMatchObject({
        type: "error",
        error: { type: expect.any(String) },
        request_id: messages.headers["request-id"],
      });
      expect(chat.headers["retry-after"]).toBe(status === 429 ? "1" : undefined);
    });
  }

  test("a connection that dies early fails the answer", async () => {
    const { answer } = send("chat", { model: "demo-fail-reset" });
    await expect(answer).rejects.toMatchObject({ kind: "closed", isRetryable: false });
  });

  test("a provider that hangs can be cancelled", async () => {
    const exchange = send("chat", { model: "demo-fail-hang" });
    setTimeout(() => exchange.cancel(), 5);
    await expect(exchange.answer).rejects.toMatchObject({ kind: "cancelled" });
  });

  test("a provider that falls silent has given its head", async () => {
    const exchange = send("chat", { model: "demo-fail-silent", stream: true, ...BODIES.chat });
    const answer = await exchange.answer;
    setTimeout(() => exchange.cancel(), 5);
    expect(answer.status).toBe(200);
    expect(await receive(answer)).toMatchObject({ text: "", failure: { kind: "cancelled" } });
  });
});

describe("a bad request", () => {
  test("for a model that is none of its own says where its models stand, in either family's shape", async () => {
    const hint = "`GET /v1/models`";
    const openai = await send("chat", { ...BODIES.chat, model: "none" }).answer;
    expect([openai.status, JSON.parse((await receive(openai)).text)]).toMatchObject([
      404,
      { error: { message: expect.stringContaining(hint), code: "model_not_found" } },
    ]);
    const anthropic = await send("messages", { ...BODIES.messages, model: "none" }).answer;
    expect([anthropic.status, JSON.parse((await receive(anthropic)).text)]).toMatchObject([
      404,
      { error: { type: "not_found_error", message: expect.stringContaining(hint) } },
    ]);
  });

  const cases: readonly [what: string, Endpoint, unknown, status: number, field: string][] = [
    ["no JSON", "chat", "{", 400, "JSON"],
    ["no model", "chat", { messages: MESSAGES }, 400, "model"],
    ["an unknown model", "responses", { model: "gpt-x", input: "a" }, 404, "model"],
    ["no messages", "chat", { model: "demo" }, 400, "messages"],
    ["a message that is none", "chat", { model: "demo", messages: [1] }, 400, "messages[0]"],
    [
      "a message without a role",
      "chat",
      { model: "demo", messages: [{}] },
      400,
      "messages[0].role",
    ],
    [
      "a wrong limit",
      "chat",
      { model: "demo", messages: MESSAGES, max_tokens: 0 },
      400,
      "max_tokens",
    ],
    ["too many choices", "chat", { model: "demo", messages: MESSAGES, n: 129 }, 400, "n"],
    ["a wrong flag", "chat", { model: "demo", messages: MESSAGES, stream: "yes" }, 400, "stream"],
    [
      "an unknown tool",
      "chat",
      { model: "demo", messages: MESSAGES, tool_choice: { function: { name: "f" } } },
      400,
      "tool_choice",
    ],
    ["no input", "responses", { model: "demo" }, 400, "input"],
    [
      "a response that is not stored",
      "responses",
      { model: "demo", input: "a", previous_response_id: "resp_1" },
      400,
      "previous_response_id",
    ],
    ["no prompt", "completions", { model: "demo" }, 400, "prompt"],
    ["a prompt that is none", "completions", { model: "demo", prompt: 5 }, 400, "prompt"],
    ["a prompt within prompts", "completions", { model: "demo", prompt: [{}] }, 400, "prompt"],
    ["no text to embed", "embeddings", { model: "demo", input: [{}] }, 400, "input"],
    ["no token to embed", "embeddings", { model: "demo", input: [[]] }, 400, "input"],
    ["tokens among texts", "embeddings", { model: "demo", input: [1, "a"] }, 400, "input"],
    ["nothing to embed", "embeddings", { model: "demo" }, 400, "input"],
    [
      "an unknown encoding",
      "embeddings",
      { model: "demo", input: "a", encoding_format: "x" },
      400,
      "encoding_format",
    ],
    [
      "too many dimensions",
      "embeddings",
      { model: "demo", input: "a", dimensions: 9999 },
      400,
      "dimensions",
    ],
    [
      "no limit, which Anthropic asks for",
      "messages",
      { model: "demo", messages: MESSAGES },
      400,
      "max_tokens",
    ],
    [
      "an unknown role",
      "count_tokens",
      { model: "demo", messages: [{ role: "tool" }] },
      400,
      "messages.0.role",
    ],
  ];
  for (const [what, endpoint, body, status, field] of cases) {
    test(`${endpoint}: ${what} is refused by name`, async () => {
      const answer = await ask(endpoint, body);
      expect(answer.status).toBe(status);
      const error = objectAt(parseJsonObject(answer.text) ?? {}, "error") ?? {};
      expect(error["message"]).toContain(field);
      if (field !== "JSON" && WIRES[endpoint].family === "openai")
        expect(error["param"]).toBe(field);
      expect(answer.headers["content-type"]).toBe("application/json");
    });
  }

  test("is refused even where it is nested too deeply to be walked", async () => {
    const depth = 60_000;
    const content = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const { status } = await ask(
      "chat",
      `{"model":"demo","messages":[{"role":"user","content":${content}}]}`,
    );
    expect(status).toBe(400);
  });
});

describe("a provider of demos", () => {
  test("offers every model, the plain one first", () => {
    expect(provider.catalogue[0]).toBe("demo");
    expect(provider.catalogue).toEqual(DEMO_MODELS.map(({ id }) => id));
    expect(createDemoProvider({ models: ["demo-slow"] }).catalogue).toEqual(["demo-slow"]);
  });

  test("gives the same text for the same conversation, and never the same id", async () => {
    const [one, other] = [await whole("responses", "demo"), await whole("responses", "demo")];
    expect(one.json["output"]).not.toEqual(other.json["output"]);
    expect(WIRES.responses.outputText(one.json)).toBe(WIRES.responses.outputText(other.json));
    expect(one.facts.responseId).not.toBe(other.facts.responseId);
  });

  test("has no stored responses to give", async () => {
    const exchange = provider.send({
      endpoint: "responses",
      method: "GET",
      path: "/responses/resp_1",
      query: "",
      headers: [],
      body: [],
      callerCredential: null,
    });
    expect((await exchange.answer).status).toBe(404);
  });
});
