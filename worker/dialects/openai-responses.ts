/**
 * OpenAI's Responses API. Usage stands in the closing event alone.
 * Source: OpenAI API reference, "Responses" and "Streaming events".
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

export const openaiResponses: Wire = {
  dialect: "openai-responses",
  endpoint: "responses",
  family: "openai",
  request: Type.Object(
    {
      model: modelField,
      stream: nullable(Type.Boolean()),
      max_output_tokens: tokenLimit,
      service_tier: nullable(Type.String()),
      background: nullable(Type.Boolean()),
      previous_response_id: nullable(Type.String({ maxLength: 256 })),
      input: Type.Optional(
        Type.Union([
          Type.String(),
          Type.Array(Type.Object({}, { additionalProperties: true })),
          Type.Null(),
        ]),
      ),
    },
    { additionalProperties: true },
  ),
  maxOutputTokens: (request, { usual, most }) => {
    const limit = request["max_output_tokens"];
    return Math.min(typeof limit === "number" ? limit : usual, most);
  },
  readAnswer: (json) => ({
    ...readResponse(json),
    isError: json["status"] === "failed" || objectAt(json, "error") !== null,
  }),
  openStream: () => new ResponsesReader(),
  outputText,
};

const TERMINAL = new Set(["response.completed", "response.incomplete", "response.failed"]);

function isTerminal(name: string): boolean {
  return TERMINAL.has(name);
}

function readResponse(response: JsonObject): Omit<AnswerFacts, "isError"> {
  return {
    usage: responsesUsage(response),
    // It stands in the closing event alone.
    isUsageFinal: true,
    model: stringAt(response, "model"),
    serviceTier: stringAt(response, "service_tier"),
    finishReason: responseFinish(response),
    responseId: stringAt(response, "id"),
  };
}

/** Null while it is being made. */
function responseFinish(response: JsonObject): FinishReason | null {
  const { status } = response;
  if (status === "incomplete") {
    return finishReason(objectAt(response, "incomplete_details")?.["reason"]) ?? "other";
  }
  if (status === "completed" && objectsAt(response, "output").some(isCall)) return "tool_call";
  return status === "completed" || status === "failed" ? finishReason(status) : null;
}

/** What the caller has to run before the model goes on. */
function isCall({ type }: JsonObject): boolean {
  return type === "function_call" || type === "custom_tool_call";
}

function responsesUsage(response: JsonObject): Usage | null {
  const usage = objectAt(response, "usage");
  if (usage === null || !saysCounts(usage, ["input_tokens", "output_tokens"])) return null;
  const input = objectAt(usage, "input_tokens_details");
  return boundUsage({
    inputTokens: countAt(usage, "input_tokens"),
    cachedInputTokens: countAt(input, "cached_tokens"),
    cacheWriteTokens: countAt(input, "cache_write_tokens"),
    cacheWrite1hTokens: 0,
    outputTokens: countAt(usage, "output_tokens"),
    reasoningTokens: countAt(objectAt(usage, "output_tokens_details"), "reasoning_tokens"),
  });
}

/** Of a whole response (`output`), or of one event (`delta`). */
function outputText(json: JsonObject): string {
  // The closing event repeats the whole output: its deltas have been counted by then.
  let text = joinStrings(json, ["delta"]);
  for (const item of objectsAt(json, "output")) {
    text += joinStrings(item, ["name", "arguments", "input"]);
    for (const part of [...objectsAt(item, "content"), ...objectsAt(item, "summary")]) {
      text += joinStrings(part, ["text", "refusal"]);
    }
  }
  return text;
}

/** Parses the first event (the response's id and model) and the last. */
class ResponsesReader implements StreamReader {
  #isFirst = true;
  #isError = false;
  #facts: Omit<AnswerFacts, "isError"> = {
    usage: null,
    isUsageFinal: true,
    model: null,
    serviceTier: null,
    finishReason: null,
    responseId: null,
  };

  read(event: string): Verdict {
    const named = eventName(event);
    if (named !== null && !this.#isFirst && !isTerminal(named) && named !== "error") return "pass";
    const json = parseJsonObject(eventData(event));
    if (json === null) return "pass";
    const type = named ?? stringAt(json, "type") ?? "";
    const response = objectAt(json, "response");
    if (response !== null) {
      this.#isFirst = false;
      const facts = readResponse(response);
      this.#facts = {
        usage: facts.usage ?? this.#facts.usage,
        isUsageFinal: true,
        model: facts.model ?? this.#facts.model,
        serviceTier: facts.serviceTier ?? this.#facts.serviceTier,
        finishReason: facts.finishReason ?? this.#facts.finishReason,
        responseId: facts.responseId ?? this.#facts.responseId,
      };
    }
    if (type === "error" || type === "response.failed" || objectAt(json, "error") !== null) {
      this.#isError = true;
    }
    return isTerminal(type) ? "end" : "pass";
  }

  mayHold(beginning: string): boolean {
    return mayBeTerminal(beginning, isTerminal);
  }

  isComplete(): boolean {
    return false;
  }

  facts(): AnswerFacts {
    return { ...this.#facts, isError: this.#isError };
  }
}
