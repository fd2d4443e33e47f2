/** From a request's bytes to the answer that is played: the one place that knows endpoints, models and failures together. Pure. */
import { latin1 } from "../../bytes.ts";
import type { AnyEndpoint, Family } from "../../chat.ts";
import { parseJsonObject, type JsonObject } from "../../dialects/read.ts";
import type { HeaderList } from "../../egress.ts";
import { joinBytes } from "../../stream/transcript.ts";
import type { ProviderRequest } from "../provider.ts";
import { chatEncoder, completionsEncoder } from "./chat.ts";
import { complete } from "./completion.ts";
import { encodeEmbeddings, readEmbeddings } from "./embeddings.ts";
import type { DemoEncoder } from "./encoder.ts";
import type { Plan } from "./exchange.ts";
import { missing } from "./fields.ts";
import { hashText } from "./hash.ts";
import { messagesEncoder } from "./messages.ts";
import { findDemoModel, type DemoFailure, type DemoModel } from "./models.ts";
import {
  encodeRefusal,
  NO_SUCH_MODEL,
  RefusedRequest,
  refusalOnPurpose,
  type Refusal,
} from "./refusal.ts";
import {
  readChat,
  readCompletions,
  readCountTokens,
  readMessages,
  readResponses,
  type DemoRequest,
} from "./request.ts";
import { responsesEncoder } from "./responses.ts";
import type { AnswerFrame, Step } from "./steps.ts";

export interface PlannedAnswer {
  readonly plan: Plan;
  /** Of the model; see `DemoModel`. */
  readonly slowness: number;
}

/** What makes two answers to the same bytes differ: their ids and times. */
export interface Moment {
  /** Wall clock, ms since 1970. */
  readonly nowMs: number;
  /** Of the request, counted from 1. */
  readonly serial: number;
}

interface Generator {
  readonly read: (body: JsonObject) => DemoRequest;
  readonly encoder: DemoEncoder;
}

/** Seeds and ids need no more. */
const MAX_HASHED_BYTES = 64 * 1024;

/** A body that can't be walked without overflowing the stack. */
const TOO_DEEP: Refusal = {
  status: 400,
  message: "The body is nested too deeply.",
  param: null,
  code: null,
};

const REQUEST_ID_HEADER: Readonly<Record<Family, string>> = {
  openai: "x-request-id",
  anthropic: "request-id",
};

const GENERATORS: Readonly<Partial<Record<AnyEndpoint, Generator>>> = {
  chat: { read: readChat, encoder: chatEncoder },
  completions: { read: readCompletions, encoder: completionsEncoder },
  responses: { read: readResponses, encoder: responsesEncoder },
  messages: { read: readMessages, encoder: messagesEncoder },
};

/** What the parts of one answer share. */
interface AnswerContext extends Omit<AnswerFrame, "model"> {
  readonly endpoint: AnyEndpoint;
  readonly family: Family;
}

/** Never throws. */
export function planAnswer(request: ProviderRequest, moment: Moment): PlannedAnswer {
  const { endpoint, method, path } = request;
  const bytes = joinBytes(request.body);
  const context: AnswerContext = {
    endpoint,
    family: endpoint === "messages" || endpoint === "count_tokens" ? "anthropic" : "openai",
    ...idsOf(hashText(latin1(bytes.subarray(-MAX_HASHED_BYTES))), moment),
    createdAt: Math.floor(moment.nowMs / 1000),
  };
  try {
    if (method !== "POST" || path.endsWith("/cancel")) {
      throw new RefusedRequest("The demo stores no responses.", "response_id", null, 404);
    }
    const body = parseJsonObject(new TextDecoder().decode(bytes));
    if (body === null) throw new RefusedRequest("The body is not a JSON object.", null);
    const model = readModel(body);
    const plan = failurePlan(model.failure, context) ?? answerPlan(body, model, context);
    return { plan, slowness: model.slowness };
  } catch (thrown) {
    return { plan: refusalPlan(refusalOf(thrown), context), slowness: 1 };
  }
}

function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof RefusedRequest) return thrown.refusal;
  return thrown instanceof RangeError ? TOO_DEEP : refusalOnPurpose(500);
}

/** @throws RefusedRequest */
function readModel(body: JsonObject): DemoModel {
  const id = body["model"];
  if (typeof id !== "string") throw missing("model");
  const model = findDemoModel(id);
  if (model !== null) return model;
  const { message, param, code, status } = NO_SUCH_MODEL;
  throw new RefusedRequest(message, param, code, status);
}

/** For a model that fails whatever is asked of it. */
function failurePlan(failure: DemoFailure | null, context: AnswerContext): Plan | null {
  switch (failure?.kind) {
    case "status":
      return refusalPlan(refusalOnPurpose(failure.status), context);
    case "hang":
    case "reset":
      return { kind: failure.kind };
    default:
      return null;
  }
}

/** @throws RefusedRequest */
function answerPlan(body: JsonObject, model: DemoModel, context: AnswerContext): Plan {
  const { endpoint } = context;
  const generator = GENERATORS[endpoint];
  if (generator === undefined) {
    const text =
      endpoint === "embeddings"
        ? encodeEmbeddings(readEmbeddings(body), model)
        : JSON.stringify({ input_tokens: Math.max(1, readCountTokens(body).inputTokens) });
    return wholePlan(text, 1, model, context);
  }
  const { read, encoder } = generator;
  const request = read(body);
  const completion = complete(model, request, seedOf(body));
  const frame: AnswerFrame = { ...context, model: model.id };
  if (!request.stream) {
    const tokens = completion.usage.outputTokens / request.choices;
    return wholePlan(encoder.whole(completion, frame), tokens, model, context);
  }
  const steps = encoder.steps(completion, frame, request.includesUsage);
  return {
    kind: "answer",
    status: 200,
    headers: answerHeaders("text/event-stream; charset=utf-8", context),
    headTokens: 1,
    ...spoil(steps, model.failure, (sent) => encoder.failure(frame, sent)),
  };
}

/** Of the conversation alone: the same one gets the same text, streamed or not, in any dialect. */
function seedOf(body: JsonObject): number {
  const conversation = JSON.stringify(body["messages"] ?? body["input"] ?? body["prompt"]);
  return hashText(conversation.slice(-MAX_HASHED_BYTES));
}

/** @param tokens how long it takes */
function wholePlan(text: string, tokens: number, model: DemoModel, context: AnswerContext): Plan {
  const { failure } = model;
  if (failure?.kind === "error-event") return refusalPlan(refusalOnPurpose(500), context);
  return {
    kind: "answer",
    status: 200,
    headers: answerHeaders("application/json", context),
    headTokens: tokens,
    ...spoil([{ text, tokens: 0 }], failure, () => []),
  };
}

/** The steps of an answer as the failing models give them. */
function spoil(
  steps: readonly Step[],
  failure: DemoFailure | null,
  failureSteps: (sent: number) => readonly Step[],
): Pick<Extract<Plan, { kind: "answer" }>, "steps" | "ending"> {
  const half = Math.floor(steps.length / 2);
  const sent = steps.slice(0, half);
  switch (failure?.kind) {
    case "silent":
      return { steps: [], ending: "silent" };
    case "cut": {
      const last = steps[half] ?? { text: "", tokens: 0 };
      const part = last.text.slice(0, Math.ceil(last.text.length / 2));
      return { steps: [...sent, { ...last, text: part }], ending: "cut" };
    }
    case "error-event":
      return { steps: [...sent, ...failureSteps(sent.length)], ending: "whole" };
    default:
      return { steps, ending: "whole" };
  }
}

function refusalPlan(refusal: Refusal, context: AnswerContext): Plan {
  const requestId = context.mintId("req_");
  const { status } = refusal;
  return {
    kind: "answer",
    status,
    headers: [
      ["content-type", "application/json"],
      [REQUEST_ID_HEADER[context.family], requestId],
      ...(status === 429 ? ([["retry-after", "1"]] as const) : []),
    ],
    headTokens: 1,
    steps: [{ text: encodeRefusal(context.family, refusal, requestId), tokens: 0 }],
    ending: "whole",
  };
}

function answerHeaders(contentType: string, { family, mintId }: AnswerContext): HeaderList {
  return [
    ["content-type", contentType],
    [REQUEST_ID_HEADER[family], mintId("req_")],
  ];
}

/** Of 24 hex digits: the request's hash, time and serial number, and a count within the answer. */
function idsOf(hash: number, { nowMs, serial }: Moment): Pick<AnswerFrame, "answerId" | "mintId"> {
  const hex = (value: number, digits: number) =>
    value.toString(16).padStart(digits, "0").slice(-digits);
  const stem = hex(hash, 8) + hex(nowMs, 10) + hex(serial, 4);
  let minted = 0;
  return {
    answerId: (prefix) => `${prefix}${stem}00`,
    mintId: (prefix) => `${prefix}${stem}${hex((minted += 1), 2)}`,
  };
}
