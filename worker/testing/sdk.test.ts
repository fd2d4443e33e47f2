/**
 * OpenAI's and Anthropic's own packages, unmodified, against the gateway as a process over real sockets. After each call the
 * ledger must hold exactly what happened. What the gateway does with odd providers or raw bytes is tested elsewhere.
 */
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import { CHAT, COMPLETIONS, EMBEDDINGS, MESSAGES, RESPONSES, LedgerCheck } from "./ledger-check.ts";
import { TEXT, TOKENS, TOOL } from "./mock-answers.ts";
import { MOCK_MODELS, startMockProvider, type MockProvider } from "./mock-provider.ts";
import { failureOf, openClients, WRONG_KEY } from "./sdk-clients.ts";

/** A test that sleeps through a `retry-after`. */
const LIMIT_MS = 20_000;
const USER_MESSAGE = { role: "user", content: "Hello" } as const;
const TOOL_SCHEMA = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
};

const directory = temporaryDirectory();
let provider: MockProvider;
let gateway: GatewayProcess;
let ledger: LedgerCheck;
const clients = (key?: string) => openClients(gateway, key);

beforeAll(async () => {
  provider = await startMockProvider();
  gateway = await startGateway({ dataDir: directory.path, providers: provider.providers });
  ledger = new LedgerCheck(gateway, provider);
}, 30_000);
afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await provider.close();
  directory.remove();
});

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
    await ledger.expectOk(session, { ...CHAT, model: "plain", stream: false });
    const [row] = await gateway.records({ session });
    expect(response.headers.get("x-anyray-trace-id")).toBe(row?.trace_id ?? "");
    const [seen] = ledger.seen(session);
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
    await ledger.expectOk(session, { ...CHAT, model: "plain", stream: true });
  });

  test("gets the usage of a stream where it asks for it", async () => {
    const { openai, session } = clients();
    const final = await openai.chat.completions
      .stream({ model: "mock/plain", messages, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect([final.choices[0]?.message.content, final.usage?.completion_tokens]).toEqual([TEXT, 17]);
    await ledger.expectOk(session, { ...CHAT, model: "plain", stream: true });
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
    await ledger.expectOk(whole.session, { ...CHAT, model: "tools", stream: false });

    const streamed = clients();
    const final = await streamed.openai.chat.completions
      .stream({ model: "mock/tools", messages, tools })
      .finalChatCompletion();
    const [piece] = final.choices[0]?.message.tool_calls ?? [];
    expect(piece?.type === "function" && JSON.parse(piece.function.arguments)).toEqual(TOOL.input);
    await ledger.expectOk(streamed.session, { ...CHAT, model: "tools", stream: true });
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
    await ledger.expectAborted(session, "chat");
  });

  test(
    "waits as long as a 429 says, and then succeeds",
    async () => {
      const { openai, session } = clients();
      const startedAt = performance.now();
      const answer = await openai.chat.completions.create({ model: "mock/busy", messages });
      expect(answer.choices[0]?.message.content).toBe(TEXT);
      await ledger.expectRetried(session, startedAt, { ...CHAT, model: "busy", stream: false });
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
      await ledger.expectOk(session, { ...EMBEDDINGS, model: "plain", stream: false });
    }
  });

  test("completes text, whole and streamed", async () => {
    const whole = clients();
    const request = { model: "mock/plain", prompt: "Hello" };
    const answer = await whole.openai.completions.create(request);
    expect(answer.choices[0]?.text).toBe(TEXT);
    await ledger.expectOk(whole.session, { ...COMPLETIONS, model: "plain", stream: false });

    const streamed = clients();
    let text = "";
    const stream = await streamed.openai.completions.create({ ...request, stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? "";
    expect(text).toBe(TEXT);
    await ledger.expectOk(streamed.session, { ...COMPLETIONS, model: "plain", stream: true });
  });

  test("gets a response, whole, streamed and with a tool", async () => {
    const whole = clients();
    const answer = await whole.openai.responses.create({ model: "mock/plain", input: "Hello" });
    expect([answer.output_text, answer.usage?.output_tokens]).toEqual([TEXT, 17]);
    await ledger.expectOk(whole.session, { ...RESPONSES, model: "plain", stream: false });

    const streamed = clients();
    const final = await streamed.openai.responses
      .stream({ model: "mock/plain", input: "Hello" })
      .finalResponse();
    expect(final.output_text).toBe(TEXT);
    await ledger.expectOk(streamed.session, { ...RESPONSES, model: "plain", stream: true });

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
    await ledger.expectOk(called.session, { ...RESPONSES, model: "tools", stream: true });
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
    await ledger.expectAborted(session, "responses");
  });

  test("lists and retrieves models, and leaves no row", async () => {
    const { openai, session } = clients();
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    for (const name of MOCK_MODELS) expect(ids).toContain(`mock/${name}`);
    const model = await openai.models.retrieve("mock/plain");
    expect([model.id, model.owned_by]).toEqual(["mock/plain", "mock"]);
    expect(await failureOf(openai.models.retrieve("mock/none"))).toBeInstanceOf(
      OpenAI.NotFoundError,
    );
    expect(await gateway.records({ session })).toEqual([]);
  });

  test("throws its own errors for a wrong key and an unknown model", async () => {
    const stranger = clients(WRONG_KEY);
    const request = { model: "mock/plain", messages };
    expect(await failureOf(stranger.openai.chat.completions.create(request))).toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    expect(await gateway.records({ session: stranger.session })).toEqual([]);

    const { openai, session } = clients();
    const failed = openai.chat.completions.create({ ...request, model: "mock/none" });
    expect(await failureOf(failed)).toMatchObject({ status: 404, code: "model_not_found" });
    const [row] = await ledger.rowsOf(session, 1);
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
      await ledger.expectOk(session, { ...MESSAGES, model: "plain", stream: false });
      const [seen] = ledger.seen(session);
      expect([seen?.headers["x-api-key"], seen?.headers["authorization"]]).toEqual([
        "provider-secret",
        undefined,
      ]);
      expect(seen?.headers["anthropic-version"]).toMatch(/^\d{4}-\d\d-\d\d$/);
    }
  });

  test("streams a message", async () => {
    const { anthropic, session } = clients();
    const final = await anthropic.messages.stream(request).finalMessage();
    expect(final.content[0]).toMatchObject({ type: "text", text: TEXT });
    expect(final.usage.output_tokens).toBe(17);
    await ledger.expectOk(session, { ...MESSAGES, model: "plain", stream: true });
  });

  test("gets tool calls, whole and streamed", async () => {
    const withTools = { ...request, model: "claude/tools", tools };
    const whole = clients();
    const answer = await whole.anthropic.messages.create(withTools);
    expect(answer.content[0]).toMatchObject({ type: "tool_use", ...TOOL });
    await ledger.expectOk(whole.session, { ...MESSAGES, model: "tools", stream: false });

    const streamed = clients();
    const final = await streamed.anthropic.messages.stream(withTools).finalMessage();
    expect(final.content[0]).toMatchObject({ type: "tool_use", ...TOOL });
    expect(final.stop_reason).toBe("tool_use");
    await ledger.expectOk(streamed.session, { ...MESSAGES, model: "tools", stream: true });
  });

  test("aborts a stream in the middle, and the provider sees it", async () => {
    const { anthropic, session } = clients();
    const stream = anthropic.messages.stream({ ...request, model: "claude/slow" });
    let deltas = 0;
    stream.on("text", () => {
      if (++deltas === 5) stream.abort();
    });
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(Anthropic.APIUserAbortError);
    await ledger.expectAborted(session, "messages");
  });

  test(
    "waits as long as a 429 says, and then succeeds",
    async () => {
      const { anthropic, session } = clients();
      const startedAt = performance.now();
      await anthropic.messages.create({ ...request, model: "claude/busy" });
      await ledger.expectRetried(session, startedAt, { ...MESSAGES, model: "busy", stream: false });
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
    expect(await failureOf(stranger.anthropic.messages.create(request))).toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    const { anthropic } = clients();
    expect(
      await failureOf(anthropic.messages.create({ ...request, model: "claude/none" })),
    ).toBeInstanceOf(Anthropic.NotFoundError);
  });
});
