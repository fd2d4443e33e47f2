/** What the mock provider says, in each dialect's own form, whole or as events. Data alone; when it is said is `mock-provider.ts`'s. */

import { Buffer } from "node:buffer";

export type MockEndpoint =
  "chat" | "completions" | "responses" | "embeddings" | "messages" | "count_tokens";

type Body = Readonly<Record<string, unknown>>;
type NamedEvent = Body & { readonly type: string };

export const TEXT = "Hello from the mock";
export const TOOL = { name: "get_weather", input: { city: "Oslo" } } as const;
const TOOL_TEXT = JSON.stringify(TOOL.input);
const SLOW_WORDS = 2000;
const CREATED = 1_750_000_000;

/** Tokens as the ledger should have them; every count differs, so that none can stand in for another. */
export const TOKENS = {
  openai: { input: 31, cached: 8, cacheWrite: 0, output: 17, reasoning: 5 },
  /** `input_tokens` 20 + read 7 + written 4. */
  anthropic: { input: 31, cached: 7, cacheWrite: 4, output: 17, reasoning: 0 },
  embeddings: { input: 31, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  counted: 42,
} as const;

const CHAT_USAGE = {
  prompt_tokens: 31,
  completion_tokens: 17,
  total_tokens: 48,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 5 },
};
const RESPONSES_USAGE = {
  input_tokens: 31,
  input_tokens_details: { cached_tokens: 8 },
  output_tokens: 17,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 48,
};
const MESSAGES_USAGE = {
  input_tokens: 20,
  cache_read_input_tokens: 7,
  cache_creation_input_tokens: 4,
  output_tokens: 17,
};

const isTools = (body: Body) => body["model"] === "tools";

/** The model as the provider names it back: a dated form, so that served and requested differ. */
export function servedModel(model: unknown): string {
  return `${String(model)}-2026-01-01`;
}

export function answerOf(endpoint: MockEndpoint, body: Body): object {
  const model = servedModel(body["model"]);
  switch (endpoint) {
    case "chat":
      return {
        id: "chatcmpl-1",
        object: "chat.completion",
        created: CREATED,
        model,
        choices: [
          isTools(body)
            ? {
                index: 0,
                message: { role: "assistant", content: null, tool_calls: [toolCall()] },
                finish_reason: "tool_calls",
              }
            : { index: 0, message: { role: "assistant", content: TEXT }, finish_reason: "stop" },
        ],
        usage: CHAT_USAGE,
      };
    case "completions":
      return {
        id: "cmpl-1",
        object: "text_completion",
        created: CREATED,
        model,
        choices: [{ index: 0, text: TEXT, logprobs: null, finish_reason: "stop" }],
        usage: CHAT_USAGE,
      };
    case "responses":
      return responseObject(body, "completed");
    case "embeddings":
      return {
        object: "list",
        model,
        data: [{ object: "embedding", index: 0, embedding: embedding(body) }],
        usage: { prompt_tokens: 31, total_tokens: 31 },
      };
    case "messages":
      return {
        ...messageHead(model),
        content: [
          isTools(body)
            ? { type: "tool_use", id: "toolu_1", name: TOOL.name, input: TOOL.input }
            : { type: "text", text: TEXT },
        ],
        stop_reason: isTools(body) ? "tool_use" : "end_turn",
        usage: MESSAGES_USAGE,
      };
    case "count_tokens":
      return { input_tokens: TOKENS.counted };
  }
}

/** As server-sent events, the terminal unit last. */
export function eventsOf(endpoint: MockEndpoint, body: Body): readonly string[] {
  switch (endpoint) {
    case "chat":
      return [...chatChunks(body).map(unnamed), "data: [DONE]\n\n"];
    case "completions":
      return [...completionChunks(body).map(unnamed), "data: [DONE]\n\n"];
    case "responses":
      return responseEvents(body).map((event, index) =>
        named({ ...event, sequence_number: index }),
      );
    case "messages":
      return messageEvents(body).map(named);
    case "embeddings":
    case "count_tokens":
      return [];
  }
}

const unnamed = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const named = (data: NamedEvent) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

function words(body: Body): readonly string[] {
  if (body["model"] === "slow") return Array<string>(SLOW_WORDS).fill("word ");
  return TEXT.split(/(?<= )/);
}

/** Two halves, as streams bring arguments. */
const TOOL_PARTS = [TOOL_TEXT.slice(0, 6), TOOL_TEXT.slice(6)];

function toolCall() {
  return {
    id: "call_1",
    type: "function",
    function: { name: TOOL.name, arguments: TOOL_TEXT },
  };
}

function chatChunks(body: Body): readonly object[] {
  const head = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: CREATED,
    model: servedModel(body["model"]),
  };
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason }],
  });
  const opening = { index: 0, id: "call_1", type: "function" };
  const parts = isTools(body)
    ? [
        { tool_calls: [{ ...opening, function: { name: TOOL.name, arguments: "" } }] },
        ...TOOL_PARTS.map((part) => ({
          tool_calls: [{ index: 0, function: { arguments: part } }],
        })),
      ]
    : words(body).map((content) => ({ content }));
  return [
    chunk({ role: "assistant", content: "" }),
    ...parts.map((delta) => chunk(delta)),
    chunk({}, isTools(body) ? "tool_calls" : "stop"),
    ...(asksForUsage(body) ? [{ ...head, choices: [], usage: CHAT_USAGE }] : []),
  ];
}

function completionChunks(body: Body): readonly object[] {
  const head = {
    id: "cmpl-1",
    object: "text_completion",
    created: CREATED,
    model: servedModel(body["model"]),
  };
  const choice = (text: string, finish_reason: string | null) => ({
    ...head,
    choices: [{ index: 0, text, logprobs: null, finish_reason }],
  });
  return [
    ...words(body).map((text) => choice(text, null)),
    choice("", "stop"),
    ...(asksForUsage(body) ? [{ ...head, choices: [], usage: CHAT_USAGE }] : []),
  ];
}

function asksForUsage(body: Body): boolean {
  const options = body["stream_options"];
  return typeof options === "object" && options !== null && "include_usage" in options;
}

function responseItem(body: Body) {
  return isTools(body)
    ? {
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: TOOL.name,
        arguments: TOOL_TEXT,
        status: "completed",
      }
    : {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: TEXT, annotations: [] }],
      };
}

function responseObject(body: Body, status: "in_progress" | "completed") {
  return {
    id: "resp_1",
    object: "response",
    created_at: CREATED,
    status,
    model: servedModel(body["model"]),
    output: status === "completed" ? [responseItem(body)] : [],
    error: null,
    incomplete_details: null,
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    usage: status === "completed" ? RESPONSES_USAGE : null,
  };
}

function responseEvents(body: Body): readonly NamedEvent[] {
  const item = responseItem(body);
  const at = { output_index: 0, item_id: item.id };
  const begun = item.type === "message" ? { ...item, content: [] } : { ...item, arguments: "" };
  const inside =
    item.type === "message"
      ? [
          {
            type: "response.content_part.added",
            ...at,
            content_index: 0,
            part: { type: "output_text", text: "", annotations: [] },
          },
          ...words(body).map((delta) => ({
            type: "response.output_text.delta",
            ...at,
            content_index: 0,
            delta,
          })),
          { type: "response.output_text.done", ...at, content_index: 0, text: TEXT },
        ]
      : [
          ...TOOL_PARTS.map((delta) => ({
            type: "response.function_call_arguments.delta",
            ...at,
            delta,
          })),
          { type: "response.function_call_arguments.done", ...at, arguments: TOOL_TEXT },
        ];
  return [
    { type: "response.created", response: responseObject(body, "in_progress") },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...begun, status: "in_progress" },
    },
    ...inside,
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: responseObject(body, "completed") },
  ];
}

function messageHead(model: string) {
  return { id: "msg_1", type: "message", role: "assistant", model, stop_sequence: null };
}

function messageEvents(body: Body): readonly NamedEvent[] {
  const block = isTools(body)
    ? { type: "tool_use", id: "toolu_1", name: TOOL.name, input: {} }
    : { type: "text", text: "" };
  const deltas = isTools(body)
    ? TOOL_PARTS.map((partial_json) => ({ type: "input_json_delta", partial_json }))
    : words(body).map((text) => ({ type: "text_delta", text }));
  const message = {
    ...messageHead(servedModel(body["model"])),
    content: [],
    stop_reason: null,
    usage: { ...MESSAGES_USAGE, output_tokens: 1 },
  };
  return [
    { type: "message_start", message },
    { type: "ping" },
    { type: "content_block_start", index: 0, content_block: block },
    ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: isTools(body) ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 17 },
    },
    { type: "message_stop" },
  ];
}

const VECTOR = [0.25, -0.5, 1];

/** OpenAI's SDK asks for base64 unless told otherwise. */
function embedding(body: Body): readonly number[] | string {
  if (body["encoding_format"] !== "base64") return VECTOR;
  return Buffer.from(new Float32Array(VECTOR).buffer).toString("base64");
}
