/** The vendors' own SDKs in front of the demo: if they understand it, it speaks their dialect. */
import { describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { asFetch } from "../../testing/as-fetch.ts";
import { createDemoProvider } from "./index.ts";

const fetch = asFetch(createDemoProvider({ tokenMs: 0, now: () => 1_790_000_000_000 }));
const openai = new OpenAI({ apiKey: "none", baseURL: "http://demo.test/v1", maxRetries: 0, fetch });
const anthropic = new Anthropic({
  apiKey: "none",
  baseURL: "http://demo.test",
  maxRetries: 0,
  fetch,
});

const PROMPT = "Tell me of the quick brown fox, and spare no detail of its jump.";
const MESSAGES = [{ role: "user" as const, content: PROMPT }];
const SCHEMA = {
  type: "object" as const,
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 2 } },
  required: ["city", "days"],
};
const ARGUMENTS = { city: "demo", days: 2 };

describe("OpenAI's SDK", () => {
  const tools = [
    { type: "function" as const, function: { name: "get_weather", parameters: SCHEMA } },
  ];

  test("reads a chat completion", async () => {
    const answer = await openai.chat.completions.create({ model: "demo", messages: MESSAGES });
    expect(answer.choices[0]?.message.content).toContain("The demo model counts about");
    expect(answer.choices[0]?.message.content).not.toContain("fox");
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    );
  });

  test("puts a chat stream together to the same answer", async () => {
    const whole = await openai.chat.completions.create({ model: "demo", messages: MESSAGES });
    const streamed = await openai.chat.completions
      .stream({ model: "demo", messages: MESSAGES, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(streamed.usage).toEqual(whole.usage);
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
  });

  test("calls a tool, in a stream and without", async () => {
    const request = { model: "demo-tools", messages: MESSAGES, tools };
    const whole = await openai.chat.completions.create(request);
    const streamed = await openai.chat.completions.stream(request).finalChatCompletion();
    for (const answer of [whole, streamed]) {
      const [choice] = answer.choices;
      expect(choice?.finish_reason).toBe("tool_calls");
      const [call] = choice?.message.tool_calls ?? [];
      if (call?.type !== "function") throw new Error("no function call");
      expect(call.function.name).toBe("get_weather");
      expect(JSON.parse(call.function.arguments)).toEqual(ARGUMENTS);
    }
  });

  test("gets text, not another call, after a tool's result", async () => {
    const answer = await openai.chat.completions.create({
      model: "demo-tools",
      tools,
      messages: [...MESSAGES, { role: "tool", tool_call_id: "call_1", content: "sunny" }],
    });
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  test("gets as many choices as it asks for", async () => {
    const request = { model: "demo", messages: MESSAGES, n: 3 };
    const streamed = await openai.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices.map((choice) => choice.finish_reason)).toEqual([
      "stop",
      "stop",
      "stop",
    ]);
    const texts = new Set(streamed.choices.map((choice) => choice.message.content));
    expect(texts.size).toBe(3);
  });

  test("puts a Responses stream together to what the closing event holds", async () => {
    const stream = openai.responses.stream({ model: "demo-reasoning", input: PROMPT });
    let deltas = "";
    let last = -1;
    const types: string[] = [];
    for await (const event of stream) {
      if (types.at(-1) !== event.type) types.push(event.type);
      expect(event.sequence_number).toBe(last + 1);
      last = event.sequence_number;
      if (event.type === "response.output_text.delta") deltas += event.delta;
    }
    const answer = await stream.finalResponse();
    expect(answer.output_text).toBe(deltas);
    expect(answer.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(types).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
  });

  test("gets a function call from the Responses API", async () => {
    const request = {
      model: "demo",
      input: PROMPT,
      tools: [{ type: "function" as const, name: "get_weather", parameters: SCHEMA, strict: true }],
      tool_choice: "required" as const,
    };
    const whole = await openai.responses.create(request);
    const streamed = await openai.responses.stream(request).finalResponse();
    for (const answer of [whole, streamed]) {
      const [item] = answer.output;
      if (item?.type !== "function_call") throw new Error("no function call");
      expect(JSON.parse(item.arguments)).toEqual(ARGUMENTS);
    }
  });

  test("reads embeddings, which it asks for in base64, as unit vectors", async () => {
    const request = { model: "demo", input: [PROMPT, "another"], dimensions: 64 };
    const asked = await openai.embeddings.create(request);
    const floats = await openai.embeddings.create({ ...request, encoding_format: "float" });
    expect(asked.data.map((each) => each.embedding.length)).toEqual([64, 64]);
    expect(asked.data).toEqual(floats.data);
    expect(asked.data[0]?.embedding).not.toEqual(asked.data[1]?.embedding);
    const squares = asked.data[0]?.embedding.reduce((sum, value) => sum + value * value, 0) ?? 0;
    expect(squares).toBeCloseTo(1, 5);
  });

  test("raises its own error class for each refusal", async () => {
    const raised: unknown[] = [];
    for (const model of [
      "demo-fail-400",
      "demo-fail-401",
      "demo-fail-404",
      "demo-fail-429",
      "demo-fail-500",
      "nonesuch",
    ]) {
      await openai.chat.completions
        .create({ model, messages: MESSAGES })
        .catch((error: unknown) => {
          if (error instanceof OpenAI.APIError)
            raised.push([error.status, error.constructor.name, error.code]);
        });
    }
    expect(raised).toEqual([
      [400, "BadRequestError", null],
      [401, "AuthenticationError", "invalid_api_key"],
      [404, "NotFoundError", "model_not_found"],
      [429, "RateLimitError", "rate_limit_exceeded"],
      [500, "InternalServerError", null],
      [404, "NotFoundError", "model_not_found"],
    ]);
  });

  test("raises the error event of a failing stream", async () => {
    const stream = await openai.chat.completions.create({
      model: "demo-fail-error",
      messages: MESSAGES,
      stream: true,
    });
    let text = "";
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    };
    await expect(read()).rejects.toThrow("The server had an error");
    expect(text).not.toBe("");
  });
});

describe("Anthropic's SDK", () => {
  const tools = [{ name: "get_weather", input_schema: SCHEMA }];
  const request = { model: "demo", max_tokens: 200, messages: MESSAGES };

  test("reads a message, and the stream of it to the same usage", async () => {
    const whole = await anthropic.messages.create(request);
    const streamed = await anthropic.messages.stream(request).finalMessage();
    expect(streamed.stop_reason).toBe("end_turn");
    expect(streamed.usage).toEqual(whole.usage);
    const [block] = streamed.content;
    if (block?.type !== "text") throw new Error("no text");
    expect(block.text).toContain("The demo model counts about");
    expect(block.text).not.toContain("fox");
  });

  test("counts as many tokens as the message is then said to have", async () => {
    const counted = await anthropic.messages.countTokens({
      model: "demo",
      messages: MESSAGES,
      tools,
    });
    const answer = await anthropic.messages.create({ ...request, tools });
    expect(counted.input_tokens).toBe(answer.usage.input_tokens);
  });

  test("gets a tool call, in a stream and without", async () => {
    const calling = { ...request, model: "demo-tools", tools };
    const whole = await anthropic.messages.create(calling);
    const streamed = await anthropic.messages.stream(calling).finalMessage();
    for (const answer of [whole, streamed]) {
      expect(answer.stop_reason).toBe("tool_use");
      const [block] = answer.content;
      if (block?.type !== "tool_use") throw new Error("no tool use");
      expect(block.input).toEqual(ARGUMENTS);
    }
  });

  test("gets signed thinking blocks before the text", async () => {
    const answer = await anthropic.messages
      .stream({ ...request, model: "demo-reasoning" })
      .finalMessage();
    const [thinking, text] = answer.content;
    if (thinking?.type !== "thinking") throw new Error("no thinking");
    expect(thinking.thinking).not.toBe("");
    expect(thinking.signature).not.toBe("");
    expect(text?.type).toBe("text");
    expect(answer.usage.output_tokens_details?.thinking_tokens).toBeGreaterThan(0);
  });

  test("raises its own error class, for refusals and in a stream", async () => {
    const overloaded = async () => {
      await anthropic.messages.create({ ...request, model: "demo-fail-529" });
    };
    await expect(overloaded()).rejects.toMatchObject({ status: 529, type: "overloaded_error" });
    const failing = anthropic.messages.stream({ ...request, model: "demo-fail-error" });
    await expect(failing.finalMessage()).rejects.toThrow("Overloaded");
  });
});
