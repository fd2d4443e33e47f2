/**
 * The official client packages, unmodified, against the gateway as a process over real sockets. After each call the ledger
 * must hold exactly what happened. What the gateway does with odd providers or raw bytes is tested elsewhere.
 */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import {
  APICallError,
  embed,
  generateText,
  jsonSchema,
  streamText,
  tool,
  type LanguageModel,
} from "ai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import type { LedgerRecord } from "../routes/admin/spend-json.ts";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import { servedModel, TEXT, TOKENS, TOOL } from "./mock-answers.ts";
import { MOCK_MODELS, startMockProvider, type MockProvider } from "./mock-provider.ts";

const LIMIT_MS = 20_000;
const ROW_LIMIT_MS = 5_000;
const WRONG_KEY = `ark_${"0".repeat(49)}`;
const USER_MESSAGE = { role: "user", content: "Hello" } as const;
const TOOL_SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
} as const;

const directory = temporaryDirectory();
let provider: MockProvider;
let gateway: GatewayProcess;

beforeAll(async () => {
  provider = await startMockProvider();
  gateway = await startGateway({ dataDir: directory.path, providers: provider.providers });
}, 30_000);
afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await provider.close();
  directory.remove();
});

let sessions = 0;

/** Clients whose requests are one session in the ledger: the session is how a test finds its rows. */
function clients(key = gateway.clientKey) {
  const session = `sdk-${(sessions += 1)}`;
  const headers = { "x-anyray-metadata": JSON.stringify({ session }), "x-test-id": session };
  const v1 = { baseURL: `${gateway.url}/v1`, apiKey: key, headers };
  return {
    session,
    openai: new OpenAI({ baseURL: v1.baseURL, apiKey: key, defaultHeaders: headers }),
    anthropic: new Anthropic({ baseURL: gateway.url, apiKey: key, defaultHeaders: headers }),
    bearer: new Anthropic({
      baseURL: gateway.url,
      apiKey: null,
      authToken: key,
      defaultHeaders: headers,
    }),
    ai: {
      openai: createOpenAI(v1),
      compatible: createOpenAICompatible({ ...v1, name: "anyray", includeUsage: true }),
      anthropic: createAnthropic(v1),
    },
  };
}

/** The session's rows, oldest first, once there are as many. */
async function rowsOf(session: string, count: number): Promise<readonly LedgerRecord[]> {
  const limit = Date.now() + ROW_LIMIT_MS;
  for (;;) {
    const rows = await gateway.records({ session });
    if (rows.length >= count || Date.now() > limit) {
      expect(rows.length).toBe(count);
      return rows.toReversed();
    }
    await sleep(10);
  }
}

interface Expected {
  readonly endpoint: string;
  readonly dialect: string;
  readonly provider: string;
  readonly model: string;
  readonly stream: boolean;
  readonly tokens?: (typeof TOKENS)["openai" | "anthropic" | "embeddings"];
}

/** The one row of a call that went well; the row is there as soon as the client has its answer. */
async function expectOk(session: string, expected: Expected): Promise<void> {
  const rows = await gateway.records({ session });
  expect(rows.map(summary)).toEqual([okRow(expected)]);
}

function okRow(expected: Expected) {
  const tokens = expected.tokens ?? TOKENS.openai;
  return {
    endpoint: expected.endpoint,
    dialect: expected.dialect,
    provider: expected.provider,
    model_requested: `${expected.provider}/${expected.model}`,
    model_served: servedModel(expected.model),
    stream: expected.stream,
    tokens,
    usage_source: "provider",
    outcome: "ok",
    status: 200,
    upstream_status: 200,
    attempt: 1,
  };
}

function summary(row: LedgerRecord) {
  return {
    endpoint: row.endpoint,
    dialect: row.dialect,
    provider: row.provider,
    model_requested: row.model_requested,
    model_served: row.model_served,
    stream: row.stream,
    tokens: {
      input: row.input_tokens,
      cached: row.cached_input_tokens,
      cacheWrite: row.cache_write_tokens,
      output: row.output_tokens,
      reasoning: row.reasoning_tokens,
    },
    usage_source: row.usage_source,
    outcome: row.outcome,
    status: row.status,
    upstream_status: row.upstream_status,
    attempt: row.attempt,
  };
}

/** A stream that the client left: the provider sees it, and the row says so. */
async function expectAborted(session: string, endpoint: string): Promise<void> {
  const [row] = await rowsOf(session, 1);
  expect([row?.outcome, row?.status, row?.endpoint, row?.usage_source]).toEqual([
    "aborted",
    499,
    endpoint,
    "estimated",
  ]);
  expect(row?.output_tokens).toBeGreaterThan(0);
  expect(row?.output_tokens).toBeLessThan(500);
  const limit = Date.now() + ROW_LIMIT_MS;
  const seen = () => provider.seen.filter((entry) => entry.testId === session);
  while (seen()[0]?.hasHungUp === false && Date.now() < limit) await sleep(10);
  expect(seen().map((entry) => entry.hasHungUp)).toEqual([true]);
}

/** A client that was told to wait, waited, and then was answered. */
async function expectRetried(session: string, startedAt: number, expected: Expected) {
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950);
  const rows = await rowsOf(session, 2);
  expect([rows[0]?.outcome, rows[0]?.status, rows[0]?.upstream_status]).toEqual([
    "upstream_error",
    429,
    429,
  ]);
  expect([rows[0]?.input_tokens, rows[0]?.output_tokens, rows[0]?.cost_usd]).toEqual([
    0,
    0,
    "0.000000000000",
  ]);
  expect(rows.slice(1).map(summary)).toEqual([okRow(expected)]);
  expect(rows[0]?.trace_id).not.toBe(rows[1]?.trace_id);
}

const CHAT = { endpoint: "chat", dialect: "openai-chat", provider: "mock" } as const;
const COMPLETIONS = { endpoint: "completions", dialect: "openai-completions", provider: "mock" };
const RESPONSES = { endpoint: "responses", dialect: "openai-responses", provider: "mock" } as const;
const EMBEDDINGS = { endpoint: "embeddings", dialect: "openai-embeddings", provider: "mock" };
const MESSAGES = {
  endpoint: "messages",
  dialect: "anthropic-messages",
  provider: "claude",
  tokens: TOKENS.anthropic,
} as const;

describe("the openai package", () => {
  const messages = [USER_MESSAGE];
  const tools = [
    { type: "function" as const, function: { name: TOOL.name, parameters: TOOL_SCHEMA } },
  ];

  test("has a chat answered, and its row is there with the answer", async () => {
    const { openai, session } = clients();
    const { data, response } = await openai.chat.completions
      .create({ model: "mock/plain", messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(TEXT);
    expect(data.usage?.total_tokens).toBe(48);
    expect(response.headers.get("x-anyray-upstream-request-id")).toBe("req_mock");
    await expectOk(session, { ...CHAT, model: "plain", stream: false });
    const [row] = await gateway.records({ session });
    expect(response.headers.get("x-anyray-trace-id")).toBe(row?.trace_id ?? "");
    const [seen] = provider.seen.filter((entry) => entry.testId === session);
    expect([seen?.headers["authorization"], seen?.headers["x-anyray-metadata"]]).toEqual([
      "Bearer provider-secret",
      undefined,
    ]);
    expect(seen?.body).toEqual({ model: "plain", messages });
  });

  test("streams a chat, and usage it did not ask for stays hidden but is billed", async () => {
    const { openai, session } = clients();
    const stream = await openai.chat.completions.create({
      model: "mock/plain",
      messages,
      stream: true,
    });
    let text = "";
    let chunksWithUsage = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.usage || chunk.choices.length === 0) chunksWithUsage += 1;
    }
    expect([text, chunksWithUsage]).toEqual([TEXT, 0]);
    await expectOk(session, { ...CHAT, model: "plain", stream: true });
  });

  test("gets the usage of a stream where it asks for it", async () => {
    const { openai, session } = clients();
    const final = await openai.chat.completions
      .stream({ model: "mock/plain", messages, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect([final.choices[0]?.message.content, final.usage?.completion_tokens]).toEqual([TEXT, 17]);
    await expectOk(session, { ...CHAT, model: "plain", stream: true });
  });

  test("gets tool calls, whole and streamed", async () => {
    const whole = clients();
    const answer = await whole.openai.chat.completions.create({
      model: "mock/tools",
      messages,
      tools,
    });
    const [call] = answer.choices[0]?.message.tool_calls ?? [];
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual(TOOL.input);
    await expectOk(whole.session, { ...CHAT, model: "tools", stream: false });

    const streamed = clients();
    const final = await streamed.openai.chat.completions
      .stream({ model: "mock/tools", messages, tools })
      .finalChatCompletion();
    const [piece] = final.choices[0]?.message.tool_calls ?? [];
    expect(piece?.type === "function" && JSON.parse(piece.function.arguments)).toEqual(TOOL.input);
    await expectOk(streamed.session, { ...CHAT, model: "tools", stream: true });
  });

  test("aborts a stream in the middle, and the provider sees it", async () => {
    const { openai, session } = clients();
    const stream = await openai.chat.completions.create({
      model: "mock/slow",
      messages,
      stream: true,
    });
    let chunks = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++chunks === 5) stream.controller.abort();
    }
    expect(chunks).toBeGreaterThanOrEqual(5);
    await expectAborted(session, "chat");
  });

  test(
    "waits as long as a 429 says, and then succeeds",
    async () => {
      const { openai, session } = clients();
      const startedAt = performance.now();
      const answer = await openai.chat.completions.create({ model: "mock/busy", messages });
      expect(answer.choices[0]?.message.content).toBe(TEXT);
      await expectRetried(session, startedAt, { ...CHAT, model: "busy", stream: false });
    },
    LIMIT_MS,
  );

  test("gets embeddings, as base64 and as numbers", async () => {
    for (const encoding of [{}, { encoding_format: "float" as const }]) {
      const { openai, session } = clients();
      const answer = await openai.embeddings.create({
        model: "mock/plain",
        input: ["Hello"],
        ...encoding,
      });
      expect([...(answer.data[0]?.embedding ?? [])]).toEqual([0.25, -0.5, 1]);
      const expected = { ...EMBEDDINGS, model: "plain", stream: false };
      await expectOk(session, { ...expected, tokens: TOKENS.embeddings });
    }
  });

  test("completes text, whole and streamed", async () => {
    const whole = clients();
    const request = { model: "mock/plain", prompt: "Hello" };
    const answer = await whole.openai.completions.create(request);
    expect(answer.choices[0]?.text).toBe(TEXT);
    await expectOk(whole.session, { ...COMPLETIONS, model: "plain", stream: false });

    const streamed = clients();
    let text = "";
    const stream = await streamed.openai.completions.create({ ...request, stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? "";
    expect(text).toBe(TEXT);
    await expectOk(streamed.session, { ...COMPLETIONS, model: "plain", stream: true });
  });

  test("gets a response, whole, streamed and with a tool", async () => {
    const whole = clients();
    const answer = await whole.openai.responses.create({ model: "mock/plain", input: "Hello" });
    expect([answer.output_text, answer.usage?.output_tokens]).toEqual([TEXT, 17]);
    await expectOk(whole.session, { ...RESPONSES, model: "plain", stream: false });

    const streamed = clients();
    const final = await streamed.openai.responses
      .stream({ model: "mock/plain", input: "Hello" })
      .finalResponse();
    expect(final.output_text).toBe(TEXT);
    await expectOk(streamed.session, { ...RESPONSES, model: "plain", stream: true });

    const called = clients();
    const withTool = await called.openai.responses
      .stream({
        model: "mock/tools",
        input: "Hello",
        tools: [{ type: "function", name: TOOL.name, parameters: TOOL_SCHEMA, strict: false }],
      })
      .finalResponse();
    const [item] = withTool.output;
    expect(item?.type === "function_call" && JSON.parse(item.arguments)).toEqual(TOOL.input);
    await expectOk(called.session, { ...RESPONSES, model: "tools", stream: true });
  });

  test("aborts the stream of a response", async () => {
    const { openai, session } = clients();
    const stream = await openai.responses.create({
      model: "mock/slow",
      input: "Hello",
      stream: true,
    });
    let deltas = 0;
    for await (const event of stream) {
      if (event.type === "response.output_text.delta" && ++deltas === 5) break;
    }
    await expectAborted(session, "responses");
  });

  test("lists and retrieves models, and leaves no row", async () => {
    const { openai, session } = clients();
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    for (const name of MOCK_MODELS) expect(ids).toContain(`mock/${name}`);
    const model = await openai.models.retrieve("mock/plain");
    expect([model.id, model.owned_by]).toEqual(["mock/plain", "mock"]);
    await expect(openai.models.retrieve("mock/none")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect(await gateway.records({ session })).toEqual([]);
  });

  test("throws its own errors for a wrong key and an unknown model", async () => {
    const stranger = clients(WRONG_KEY);
    const request = { model: "mock/plain", messages };
    await expect(stranger.openai.chat.completions.create(request)).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    expect(await gateway.records({ session: stranger.session })).toEqual([]);

    const { openai, session } = clients();
    const failed = openai.chat.completions.create({ ...request, model: "mock/none" });
    await expect(failed).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    const [row] = await rowsOf(session, 1);
    expect([row?.outcome, row?.status, row?.provider, row?.model_requested]).toEqual([
      "refused",
      404,
      null,
      null,
    ]);
  });
});

describe("the @anthropic-ai/sdk package", () => {
  const request = { model: "claude/plain", max_tokens: 100, messages: [USER_MESSAGE] };
  const tools = [{ name: TOOL.name, input_schema: TOOL_SCHEMA }];

  test("has a message answered, by API key and by bearer token", async () => {
    for (const kind of ["anthropic", "bearer"] as const) {
      const { session, [kind]: client } = clients();
      const answer = await client.messages.create(request);
      expect(answer.content[0]).toMatchObject({ type: "text", text: TEXT });
      await expectOk(session, { ...MESSAGES, model: "plain", stream: false });
      const [seen] = provider.seen.filter((entry) => entry.testId === session);
      expect([seen?.headers["x-api-key"], seen?.headers["authorization"]]).toEqual([
        "provider-secret",
        undefined,
      ]);
      expect(seen?.headers["anthropic-version"]).toBe("2023-06-01");
    }
  });

  test("streams a message", async () => {
    const { anthropic, session } = clients();
    const final = await anthropic.messages.stream(request).finalMessage();
    expect(final.content[0]).toMatchObject({ type: "text", text: TEXT });
    expect(final.usage.output_tokens).toBe(17);
    await expectOk(session, { ...MESSAGES, model: "plain", stream: true });
  });

  test("gets tool calls, whole and streamed", async () => {
    const withTools = { ...request, model: "claude/tools", tools };
    const whole = clients();
    const answer = await whole.anthropic.messages.create(withTools);
    expect(answer.content[0]).toMatchObject({ type: "tool_use", ...TOOL });
    await expectOk(whole.session, { ...MESSAGES, model: "tools", stream: false });

    const streamed = clients();
    const final = await streamed.anthropic.messages.stream(withTools).finalMessage();
    expect(final.content[0]).toMatchObject({ type: "tool_use", ...TOOL });
    expect(final.stop_reason).toBe("tool_use");
    await expectOk(streamed.session, { ...MESSAGES, model: "tools", stream: true });
  });

  test("aborts a stream in the middle, and the provider sees it", async () => {
    const { anthropic, session } = clients();
    const stream = anthropic.messages.stream({ ...request, model: "claude/slow" });
    let deltas = 0;
    stream.on("text", () => {
      if (++deltas === 5) stream.abort();
    });
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await expectAborted(session, "messages");
  });

  test(
    "waits as long as a 429 says, and then succeeds",
    async () => {
      const { anthropic, session } = clients();
      const startedAt = performance.now();
      await anthropic.messages.create({ ...request, model: "claude/busy" });
      await expectRetried(session, startedAt, { ...MESSAGES, model: "busy", stream: false });
    },
    LIMIT_MS,
  );

  test("counts tokens and lists models, and leaves no row", async () => {
    const { anthropic, session } = clients();
    const { model, messages } = request;
    const counted = await anthropic.messages.countTokens({ model, messages });
    expect(counted.input_tokens).toBe(TOKENS.counted);
    const ids: string[] = [];
    for await (const listed of anthropic.models.list()) ids.push(listed.id);
    expect(ids).toContain("claude/plain");
    expect((await anthropic.models.retrieve("claude/plain")).type).toBe("model");
    expect(await gateway.records({ session })).toEqual([]);
  });

  test("throws its own errors for a wrong key and an unknown model", async () => {
    const stranger = clients(WRONG_KEY);
    await expect(stranger.anthropic.messages.create(request)).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    const { anthropic } = clients();
    await expect(
      anthropic.messages.create({ ...request, model: "claude/none" }),
    ).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("the ai package", () => {
  const prompt = "Hello";
  const tools = {
    [TOOL.name]: tool({
      inputSchema: jsonSchema<{ city: string }>({ ...TOOL_SCHEMA, required: ["city"] }),
    }),
  };
  const ways: readonly {
    readonly name: string;
    readonly expected: typeof CHAT | typeof RESPONSES | typeof MESSAGES;
    readonly model: (open: ReturnType<typeof clients>, script: string) => LanguageModel;
  }[] = [
    {
      name: "@ai-sdk/openai (responses)",
      expected: RESPONSES,
      model: ({ ai }, script) => ai.openai(`mock/${script}`),
    },
    {
      name: "@ai-sdk/openai (chat)",
      expected: CHAT,
      model: ({ ai }, script) => ai.openai.chat(`mock/${script}`),
    },
    {
      name: "@ai-sdk/openai-compatible",
      expected: CHAT,
      model: ({ ai }, script) => ai.compatible(`mock/${script}`),
    },
    {
      name: "@ai-sdk/anthropic",
      expected: MESSAGES,
      model: ({ ai }, script) => ai.anthropic(`claude/${script}`),
    },
  ];

  for (const { name, expected, model } of ways) {
    test(`with ${name} generates and streams text`, async () => {
      const whole = clients();
      const answer = await generateText({ model: model(whole, "plain"), prompt });
      expect([answer.text, answer.usage.outputTokens]).toEqual([TEXT, 17]);
      await expectOk(whole.session, { ...expected, model: "plain", stream: false });

      const streamed = clients();
      const stream = streamText({ model: model(streamed, "plain"), prompt });
      let text = "";
      for await (const piece of stream.textStream) text += piece;
      expect([text, (await stream.usage).outputTokens]).toEqual([TEXT, 17]);
      await expectOk(streamed.session, { ...expected, model: "plain", stream: true });
    });

    test(`with ${name} gets tool calls, whole and streamed`, async () => {
      const whole = clients();
      const answer = await generateText({ model: model(whole, "tools"), prompt, tools });
      expect(answer.toolCalls[0]).toMatchObject({ toolName: TOOL.name, input: TOOL.input });
      await expectOk(whole.session, { ...expected, model: "tools", stream: false });

      const streamed = clients();
      const stream = streamText({ model: model(streamed, "tools"), prompt, tools });
      const [call] = await stream.toolCalls;
      expect(call).toMatchObject({ toolName: TOOL.name, input: TOOL.input });
      await expectOk(streamed.session, { ...expected, model: "tools", stream: true });
    });

    test(`with ${name} aborts a stream in the middle, and the provider sees it`, async () => {
      const open = clients();
      const controller = new AbortController();
      const stream = streamText({
        model: model(open, "slow"),
        prompt,
        abortSignal: controller.signal,
      });
      let pieces = 0;
      for await (const part of stream.fullStream) {
        if (part.type === "text-delta" && ++pieces === 5) controller.abort();
      }
      expect(pieces).toBeGreaterThanOrEqual(5);
      await expectAborted(open.session, expected.endpoint);
    });

    test(
      `with ${name} waits as long as a 429 says, and then succeeds`,
      async () => {
        const open = clients();
        const startedAt = performance.now();
        expect((await generateText({ model: model(open, "busy"), prompt })).text).toBe(TEXT);
        await expectRetried(open.session, startedAt, { ...expected, model: "busy", stream: false });
      },
      LIMIT_MS,
    );

    test(`with ${name} throws its own error for a wrong key`, async () => {
      const failed = generateText({ model: model(clients(WRONG_KEY), "plain"), prompt });
      const error = await failed.catch((thrown: unknown) => thrown);
      expect(APICallError.isInstance(error) && error.statusCode).toBe(401);
    });
  }

  test("gets embeddings", async () => {
    for (const kind of ["openai", "compatible"] as const) {
      const { ai, session } = clients();
      const answer = await embed({ model: ai[kind].embeddingModel("mock/plain"), value: prompt });
      expect(answer.embedding).toEqual([0.25, -0.5, 1]);
      const expected = { ...EMBEDDINGS, model: "plain", stream: false };
      await expectOk(session, { ...expected, tokens: TOKENS.embeddings });
    }
  });
});

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
