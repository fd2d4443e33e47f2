/**
 * From a request body to what the demo needs to know of it, per endpoint. Pure. Members that the demo does not act on are
 * not looked at; a wrong one is refused by name.
 */
import { isObject, objectAt, objectsAt, type JsonObject } from "../../dialects/read.ts";
import {
  missing,
  optionalFlag,
  optionalInteger,
  optionalObjects,
  requiredObjects,
  requiredTexts,
} from "./fields.ts";
import { RefusedRequest } from "./refusal.ts";
import { countTokens, MESSAGE_TOKENS } from "./tokens.ts";
import { anthropicTools, chatTools, responsesTools, type ToolWish } from "./tools.ts";

/** One request for generated text. */
export interface DemoRequest {
  readonly stream: boolean;
  /** Whether a chat stream was asked to report usage. */
  readonly includesUsage: boolean;
  readonly inputTokens: number;
  readonly turns: number;
  readonly maxTokens: number | null;
  readonly choices: number;
  readonly tools: ToolWish;
  /** A tool's result stands in the conversation: the answer is text, so that a loop of calls ends. */
  readonly hasToolResult: boolean;
  /** JSON schema of the answer; null: plain text. */
  readonly outputSchema: JsonObject | null;
}

const MAX_CHOICES = 128;

/** @throws RefusedRequest */
export function readChat(body: JsonObject): DemoRequest {
  const messages = requiredObjects(body, "messages");
  messages.forEach((message, index) => {
    if (typeof message["role"] === "string") return;
    throw missing(`messages[${index}].role`);
  });
  const format = objectAt(body, "response_format");
  return {
    stream: optionalFlag(body, "stream"),
    includesUsage: includesUsage(body),
    inputTokens: countTurns(messages) + countTokens(body["tools"]),
    turns: messages.length,
    maxTokens:
      optionalInteger(body, "max_completion_tokens", 1) ?? optionalInteger(body, "max_tokens", 1),
    choices: optionalInteger(body, "n", 1, MAX_CHOICES) ?? 1,
    tools: chatTools(optionalObjects(body, "tools"), body["tool_choice"]),
    hasToolResult: messages.some(({ role }) => role === "tool" || role === "function"),
    outputSchema: formatSchema(format, format === null ? null : objectAt(format, "json_schema")),
  };
}

/** @throws RefusedRequest */
export function readCompletions(body: JsonObject): DemoRequest {
  const prompts = requiredTexts(body, "prompt");
  const choices = prompts.length * (optionalInteger(body, "n", 1, MAX_CHOICES) ?? 1);
  if (choices < 1 || choices > MAX_CHOICES) {
    throw new RefusedRequest(`Invalid 'prompt': expected 1 to ${MAX_CHOICES} answers.`, "prompt");
  }
  return {
    stream: optionalFlag(body, "stream"),
    includesUsage: includesUsage(body),
    inputTokens: countTokens(prompts),
    turns: prompts.length,
    maxTokens: optionalInteger(body, "max_tokens", 0) ?? 16,
    choices,
    tools: { kind: "none" },
    hasToolResult: false,
    outputSchema: null,
  };
}

/** @throws RefusedRequest */
export function readResponses(body: JsonObject): DemoRequest {
  const input = body["input"];
  if ((body["previous_response_id"] ?? null) !== null) {
    throw new RefusedRequest(
      "The demo stores no responses: 'previous_response_id' can't be found.",
      "previous_response_id",
      "previous_response_not_found",
    );
  }
  const items = typeof input === "string" ? [{ content: input }] : requiredObjects(body, "input");
  const text = objectAt(body, "text");
  const format = text === null ? null : objectAt(text, "format");
  return {
    stream: optionalFlag(body, "stream"),
    includesUsage: true,
    inputTokens: countTurns(items) + countTokens(body["instructions"]) + countTokens(body["tools"]),
    turns: items.length,
    maxTokens: optionalInteger(body, "max_output_tokens", 1),
    choices: 1,
    tools: responsesTools(optionalObjects(body, "tools"), body["tool_choice"]),
    hasToolResult: items.some(isToolOutput),
    outputSchema: formatSchema(format, format),
  };
}

/** @throws RefusedRequest */
export function readMessages(body: JsonObject): DemoRequest {
  const maxTokens = optionalInteger(body, "max_tokens", 1);
  if (maxTokens === null) throw new RefusedRequest("max_tokens: Field required", "max_tokens");
  return { ...readCountTokens(body), maxTokens };
}

/** @throws RefusedRequest */
export function readCountTokens(body: JsonObject): DemoRequest {
  const messages = requiredObjects(body, "messages");
  messages.forEach((message, index) => {
    const { role } = message;
    if (role === "user" || role === "assistant" || role === "system") return;
    const place = `messages.${index}.role`;
    throw new RefusedRequest(`${place}: expected 'user' or 'assistant'.`, place);
  });
  const config = objectAt(body, "output_config");
  const format = config === null ? null : objectAt(config, "format");
  return {
    stream: optionalFlag(body, "stream"),
    includesUsage: true,
    inputTokens: countTurns(messages) + countTokens(body["system"]) + countTokens(body["tools"]),
    turns: messages.length,
    maxTokens: null,
    choices: 1,
    tools: anthropicTools(optionalObjects(body, "tools"), objectAt(body, "tool_choice")),
    hasToolResult: messages.some((message) =>
      objectsAt(message, "content").some((part) => part["type"] === "tool_result"),
    ),
    outputSchema: formatSchema(format, format),
  };
}

function countTurns(turns: readonly JsonObject[]): number {
  return countTokens(turns) + turns.length * MESSAGE_TOKENS;
}

/** @throws RefusedRequest */
function includesUsage(body: JsonObject): boolean {
  const options = body["stream_options"];
  if (options === undefined || options === null) return false;
  if (!isObject(options)) {
    throw new RefusedRequest(
      "Invalid type for 'stream_options': expected an object.",
      "stream_options",
    );
  }
  return optionalFlag(options, "include_usage");
}

/** @param holder has the member `schema` */
function formatSchema(format: JsonObject | null, holder: JsonObject | null): JsonObject | null {
  if (format?.["type"] === "json_object") return { type: "object", properties: { answer: {} } };
  if (format?.["type"] !== "json_schema") return null;
  return holder === null ? null : objectAt(holder, "schema");
}

function isToolOutput({ type }: JsonObject): boolean {
  return typeof type === "string" && type.endsWith("_call_output");
}
