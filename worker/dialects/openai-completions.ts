/**
 * OpenAI's chat completions and legacy completions, which differ in where the text stands.
 * Source: OpenAI API reference, "Chat Completions" and "Completions (legacy)".
 */
import { Type } from "@sinclair/typebox";
import type { FinishReason, Usage } from "../chat.ts";
import { eventData } from "../stream/sse.ts";
import { finishReason } from "./finish-reason.ts";
import { openaiUsage } from "./openai-usage.ts";
import {
  joinStrings,
  objectAt,
  objectsAt,
  parseJsonObject,
  stringAt,
  type JsonObject,
} from "./read.ts";
import { modelField, nullable, tokenLimit } from "./request.ts";
import type {
  AnswerFacts,
  OutputBounds,
  StreamOptions,
  StreamReader,
  Verdict,
  Wire,
} from "./wire.ts";

const metered = {
  model: modelField,
  stream: nullable(Type.Boolean()),
  stream_options: nullable(
    Type.Object({ include_usage: nullable(Type.Boolean()) }, { additionalProperties: true }),
  ),
  max_tokens: tokenLimit,
  n: nullable(Type.Integer({ minimum: 1, maximum: 1024 })),
  best_of: nullable(Type.Integer({ minimum: 1, maximum: 1024 })),
  service_tier: nullable(Type.String()),
};

export const openaiChat: Wire = {
  dialect: "openai-chat",
  endpoint: "chat",
  family: "openai",
  request: Type.Object(
    {
      ...metered,
      max_completion_tokens: tokenLimit,
      messages: Type.Array(Type.Object({}, { additionalProperties: true })),
    },
    { additionalProperties: true },
  ),
  maxOutputTokens: (request, bounds) =>
    largestLimit(request, ["max_completion_tokens", "max_tokens"], bounds) * writtenCount(request),
  readAnswer,
  openStream: (options) => new ChoicesReader(options),
  outputText: (json) => {
    let text = "";
    for (const choice of objectsAt(json, "choices")) {
      const message = objectAt(choice, "message") ?? objectAt(choice, "delta");
      text += joinStrings(message, ["content", "reasoning_content", "reasoning", "refusal"]);
      if (message === null) continue;
      for (const call of objectsAt(message, "tool_calls")) {
        text += joinStrings(objectAt(call, "function"), ["name", "arguments"]);
      }
    }
    return text;
  },
};

export const openaiCompletions: Wire = {
  dialect: "openai-completions",
  endpoint: "completions",
  family: "openai",
  request: Type.Object(
    { ...metered, prompt: Type.Optional(Type.Unknown()) },
    { additionalProperties: true },
  ),
  maxOutputTokens: (request, bounds) =>
    largestLimit(request, ["max_tokens"], bounds) * writtenCount(request),
  readAnswer,
  openStream: (options) => new ChoicesReader(options),
  outputText: (json) =>
    objectsAt(json, "choices")
      .map((choice) => joinStrings(choice, ["text"]))
      .join(""),
};

/** How many choices come back. */
export function choiceCount(request: JsonObject): number {
  return promptCount(request) * countOf(request, "n");
}

/** How many are written, and billed: the best of more than come back. */
function writtenCount(request: JsonObject): number {
  return promptCount(request) * Math.max(countOf(request, "n"), countOf(request, "best_of"));
}

function countOf(request: JsonObject, name: "n" | "best_of"): number {
  const count = request[name];
  return typeof count === "number" ? count : 1;
}

/** Of the legacy completions; a list of numbers is one prompt, in tokens. */
function promptCount({ prompt }: JsonObject): number {
  return Array.isArray(prompt) && typeof prompt[0] !== "number" ? Math.max(1, prompt.length) : 1;
}

/** Servers differ in which name of the limit they know: the larger one may be what holds. */
function largestLimit(
  request: JsonObject,
  names: readonly string[],
  { usual, most }: OutputBounds,
): number {
  const limits = names.map((name) => request[name]).filter((limit) => typeof limit === "number");
  return Math.min(limits.length === 0 ? usual : Math.max(...limits), most);
}

function readAnswer(json: JsonObject): AnswerFacts {
  return {
    usage: openaiUsage(json),
    isUsageFinal: true,
    model: stringAt(json, "model"),
    serviceTier: stringAt(json, "service_tier"),
    finishReason: firstFinishReason(objectsAt(json, "choices")),
    responseId: null,
    isError: objectAt(json, "error") !== null,
  };
}

function firstFinishReason(choices: readonly JsonObject[]): FinishReason | null {
  for (const choice of choices) {
    const reason = finishReason(choice["finish_reason"]);
    if (reason !== null) return reason;
  }
  return null;
}

const FINISHED = /"finish_reason"\s*:\s*"/;
const HAS_CHOICE = /"choices"\s*:\s*\[\s*\{/;
/** Some hundred bytes, really. */
const MAX_USAGE_CHUNK = 16 * 1024;
const DONE = "data: [DONE]";

/** Parses only the events that carry state: the first, those that finish a choice, and those with usage or an error. */
class ChoicesReader implements StreamReader {
  readonly #hideUsage: boolean;
  readonly #choices: number;
  readonly #finished = new Set<unknown>();
  #isFirst = true;
  #usage: Usage | null = null;
  #model: string | null = null;
  #serviceTier: string | null = null;
  #finishReason: FinishReason | null = null;
  #isError = false;

  constructor(options: StreamOptions) {
    this.#hideUsage = options.hideUsage;
    this.#choices = options.choices;
  }

  read(event: string): Verdict {
    if (isDone(event)) return "end";
    const carriesUsage = event.includes('"usage"');
    if (
      !this.#isFirst &&
      !carriesUsage &&
      !event.includes('"error"') &&
      !(event.includes('"finish_reason"') && FINISHED.test(event))
    ) {
      return "pass";
    }
    const json = parseJsonObject(eventData(event));
    if (json === null) return "pass";
    this.#isFirst = false;
    this.#model ||= stringAt(json, "model"); // Azure opens with an empty one
    this.#serviceTier = stringAt(json, "service_tier") ?? this.#serviceTier;
    if (json["error"] !== undefined && json["error"] !== null) this.#isError = true;
    const choices = objectsAt(json, "choices");
    for (const choice of choices) {
      if (typeof choice["finish_reason"] === "string") this.#finished.add(choice["index"] ?? 0);
    }
    this.#finishReason ??= firstFinishReason(choices);
    const usage = carriesUsage ? openaiUsage(json) : null;
    if (usage === null) return "pass";
    this.#usage = usage;
    return this.#hideUsage && choices.length === 0 ? "hide" : "pass";
  }

  mayHold(beginning: string): boolean {
    if (beginning.length > MAX_USAGE_CHUNK) return false;
    if (DONE.startsWith(beginning.slice(0, DONE.length))) return true;
    if (/^data: ?(?:\[|$)/.test(beginning) || "data:".startsWith(beginning)) return true;
    return this.#hideUsage && beginning.startsWith("data:") && !HAS_CHOICE.test(beginning);
  }

  isComplete(): boolean {
    return !this.#isError && this.#finished.size >= this.#choices;
  }

  facts(): AnswerFacts {
    return {
      usage: this.#usage,
      // Some servers count along in every chunk; the last count comes with or after the last finish reason.
      isUsageFinal: this.#finished.size >= this.#choices,
      model: this.#model,
      serviceTier: this.#serviceTier,
      finishReason: this.#finishReason,
      responseId: null,
      isError: this.#isError,
    };
  }
}

/** `[DONE]` is not JSON: no other data begins with a bracket. */
function isDone(event: string): boolean {
  return event.length < 64 && event.includes("[DONE]") && eventData(event)?.trim() === "[DONE]";
}
