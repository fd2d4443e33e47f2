/**
 * The `ai` package with each of its providers that speaks a dialect of ours, unmodified, against the gateway as a process.
 * As `sdk.test.ts`.
 */
import { APICallError, embed, generateText, jsonSchema, streamText, type LanguageModel } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import {
  CHAT,
  EMBEDDINGS,
  MESSAGES,
  RESPONSES,
  LedgerCheck,
  type Account,
} from "./ledger-check.ts";
import { TEXT, TOOL } from "./mock-answers.ts";
import { startMockProvider, type MockProvider } from "./mock-provider.ts";
import { failureOf, openClients, WRONG_KEY } from "./sdk-clients.ts";

/** A test that sleeps through a `retry-after`. */
const LIMIT_MS = 20_000;

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

describe("the ai package", () => {
  const asked = { prompt: "Hello", maxOutputTokens: 100 };
  const tools = {
    [TOOL.name]: {
      inputSchema: jsonSchema<{ city: string }>({
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
      }),
    },
  };
  const ways: readonly {
    readonly name: string;
    readonly expected: Account;
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
      const answer = await generateText({ model: model(whole, "plain"), ...asked });
      expect([answer.text, answer.usage.outputTokens]).toEqual([TEXT, 17]);
      await ledger.expectOk(whole.session, { ...expected, model: "plain", stream: false });

      const streamed = clients();
      const stream = streamText({ model: model(streamed, "plain"), ...asked });
      let text = "";
      for await (const piece of stream.textStream) text += piece;
      expect([text, (await stream.usage).outputTokens]).toEqual([TEXT, 17]);
      await ledger.expectOk(streamed.session, { ...expected, model: "plain", stream: true });
    });

    test(`with ${name} gets tool calls, whole and streamed`, async () => {
      const whole = clients();
      const answer = await generateText({ model: model(whole, "tools"), ...asked, tools });
      expect(answer.toolCalls[0]).toMatchObject({ toolName: TOOL.name, input: TOOL.input });
      await ledger.expectOk(whole.session, { ...expected, model: "tools", stream: false });

      const streamed = clients();
      const stream = streamText({ model: model(streamed, "tools"), ...asked, tools });
      const [call] = await stream.toolCalls;
      expect(call).toMatchObject({ toolName: TOOL.name, input: TOOL.input });
      await ledger.expectOk(streamed.session, { ...expected, model: "tools", stream: true });
    });

    test(`with ${name} aborts a stream in the middle, and the provider sees it`, async () => {
      const open = clients();
      const controller = new AbortController();
      const stream = streamText({
        model: model(open, "slow"),
        ...asked,
        abortSignal: controller.signal,
      });
      let pieces = 0;
      for await (const part of stream.fullStream) {
        if (part.type === "text-delta" && ++pieces === 5) controller.abort();
      }
      expect(pieces).toBeGreaterThanOrEqual(5);
      await ledger.expectAborted(open.session, expected.endpoint);
    });

    test(
      `with ${name} waits as long as a 429 says, and then succeeds`,
      async () => {
        const open = clients();
        const startedAt = performance.now();
        expect((await generateText({ model: model(open, "busy"), ...asked })).text).toBe(TEXT);
        await ledger.expectRetried(open.session, startedAt, {
          ...expected,
          model: "busy",
          stream: false,
        });
      },
      LIMIT_MS,
    );

    test(`with ${name} throws its own error for a wrong key`, async () => {
      const failed = generateText({ model: model(clients(WRONG_KEY), "plain"), ...asked });
      const error = await failureOf(failed);
      expect(APICallError.isInstance(error) && error.statusCode).toBe(401);
    });
  }

  test("gets embeddings", async () => {
    for (const kind of ["openai", "compatible"] as const) {
      const { ai, session } = clients();
      const answer = await embed({ model: ai[kind].embeddingModel("mock/plain"), value: "Hello" });
      expect(answer.embedding).toEqual([0.25, -0.5, 1]);
      await ledger.expectOk(session, { ...EMBEDDINGS, model: "plain", stream: false });
    }
  });
});
