/**
 * Anthropic's Messages API. `input_tokens` leaves the cache out: the total is their sum. In a stream the usage of
 * `message_start` is a seed that the cumulative usage of `message_delta` overrides, field by field.
 * Source: Anthropic API reference, "Messages" and "Streaming messages".
 */
import { Type } from "@sinclair/typebox";
import type { FinishReason, Usage } from "../chat.ts";
import { eventData, eventName } from "../stream/sse.ts";
import { finishReason } from "./finish-reason.ts";
import { mayBeTerminal } from "./named-events.ts";
import {
  boundUsage,
  countAt,
  joinStrings,
  objectAt,
  objectsAt,
  parseJsonObject,
  saysCounts,
  stringAt,
  type JsonObject,
} from "./read.ts";
import { modelField, nullable, tokenLimit } from "./request.ts";
import type { AnswerFacts, StreamReader, Verdict, Wire } from "./wire.ts";

const request = Type.Object(
  {
    model: modelField,
    stream: nullable(Type.Boolean()),
    max_tokens: tokenLimit,
    service_tier: nullable(Type.String()),
    messages: Type.Array(Type.Object({}, { additionalProperties: true })),
  },
  { additionalProperties: true },
);

export const anthropicMessages: Wire = {
  dialect: "anthropic-messages",
  endpoint: "messages",
  family: "anthropic",
  request,
  maxOutputTokens: (body, { usual, most }) => {
    const limit = body["max_tokens"];
    return Math.min(typeof limit === "number" ? limit : usual, most);
  },
  readAnswer: (json) => ({
    usage: anthropicUsage(objectAt(json, "usage")),
    isUsageFinal: true,
    model: stringAt(json, "model"),
    serviceTier: serviceTier(objectAt(json, "usage")),
    finishReason: finishReason(json["stop_reason"]),
    responseId: null,
    isError: json["type"] === "error",
  }),
  openStream: () => new MessagesReader(),
  outputText,
};

/** Counting is not generation: nothing is streamed, billed or recorded. */
export const anthropicCountTokens: Wire = {
  ...anthropicMessages,
  endpoint: "count_tokens",
  maxOutputTokens: () => 0,
};

function anthropicUsage(usage: JsonObject | null): Usage | null {
  if (usage === null || !saysCounts(usage, ["input_tokens", "output_tokens"])) return null;
  const cached = countAt(usage, "cache_read_input_tokens");
  const lifetimes = objectAt(usage, "cache_creation");
  const oneHour = countAt(lifetimes, "ephemeral_1h_input_tokens");
  const written = Math.max(
    countAt(usage, "cache_creation_input_tokens"),
    countAt(lifetimes, "ephemeral_5m_input_tokens") + oneHour,
  );
  return boundUsage({
    inputTokens: countAt(usage, "input_tokens") + cached + written,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: oneHour,
    outputTokens: countAt(usage, "output_tokens"),
    reasoningTokens: countAt(objectAt(usage, "output_tokens_details"), "thinking_tokens"),
  });
}

function serviceTier(usage: JsonObject | null): string | null {
  return usage === null ? null : stringAt(usage, "service_tier");
}

/** Of a whole message (`content`), or of one event (`delta`, `content_block`). */
function outputText(json: JsonObject): string {
  const blocks = objectsAt(json, "content");
  const pieces = [objectAt(json, "delta"), objectAt(json, "content_block"), ...blocks];
  let text = "";
  for (const piece of pieces) {
    text += joinStrings(piece, ["text", "thinking", "partial_json", "name"]);
    const input = piece?.["input"];
    if (input !== undefined && piece?.["type"] === "tool_use") text += JSON.stringify(input);
  }
  return text;
}

const PLAIN = new Set(["content_block_start", "content_block_delta", "content_block_stop", "ping"]);

function isTerminal(name: string): boolean {
  return name === "message_stop";
}

class MessagesReader implements StreamReader {
  #usage: JsonObject | null = null;
  #isUsageFinal = false;
  #model: string | null = null;
  #finishReason: FinishReason | null = null;
  #isError = false;

  read(event: string): Verdict {
    const named = eventName(event);
    if (named !== null && PLAIN.has(named)) return "pass";
    const json = parseJsonObject(eventData(event));
    if (json === null) return named === "message_stop" ? "end" : "pass";
    const type = named ?? stringAt(json, "type") ?? "";
    if (type === "message_stop") return "end";
    if (type === "error") this.#isError = true;
    const message = objectAt(json, "message");
    this.#finishReason ??= finishReason(objectAt(json, "delta")?.["stop_reason"]);
    if (message !== null) this.#model = stringAt(message, "model");
    const usage = objectAt(message ?? json, "usage");
    if (usage !== null) {
      this.#usage = { ...this.#usage, ...withoutNulls(usage) };
      this.#isUsageFinal = message === null;
    }
    return "pass";
  }

  mayHold(beginning: string): boolean {
    return mayBeTerminal(beginning, isTerminal);
  }

  isComplete(): boolean {
    return false;
  }

  facts(): AnswerFacts {
    return {
      usage: anthropicUsage(this.#usage),
      isUsageFinal: this.#isUsageFinal,
      model: this.#model,
      serviceTier: serviceTier(this.#usage),
      finishReason: this.#finishReason,
      responseId: null,
      isError: this.#isError,
    };
  }
}

/** A cumulative update that leaves a field null says nothing of it. */
function withoutNulls(usage: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
}
