/**
 * The demo's chat completions and legacy completions. Usage comes in a stream only if asked for: then it is null in every
 * chunk, and a last chunk without choices carries it. Source: OpenAI API reference, "Chat Completions", "Completions (legacy)".
 */
import type { Usage } from "../../chat.ts";
import type { Choice, Completion } from "./completion.ts";
import type { DemoEncoder } from "./encoder.ts";
import { openaiType, refusalOnPurpose } from "./refusal.ts";
import { dataEvent, type AnswerFrame, type MintId, type Step } from "./steps.ts";

const DONE: Step = { text: "data: [DONE]\n\n", tokens: 0 };

export const chatEncoder: DemoEncoder = {
  whole: (completion, { model, createdAt, answerId, mintId }) =>
    JSON.stringify({
      id: answerId("chatcmpl-"),
      object: "chat.completion",
      created: createdAt,
      model,
      choices: completion.choices.map((choice, index) => ({
        index,
        message: chatMessage(choice, mintId),
        logprobs: null,
        finish_reason: finishReason(choice),
      })),
      ...usageMember(completion),
      service_tier: "default",
      system_fingerprint: "fp_demo",
    }),
  steps: (completion, frame, includesUsage) => {
    const id = frame.answerId("chatcmpl-");
    return streamSteps(
      completion,
      includesUsage,
      (choices, usage) => ({
        id,
        object: "chat.completion.chunk",
        created: frame.createdAt,
        model: frame.model,
        service_tier: "default",
        system_fingerprint: "fp_demo",
        choices,
        ...usage,
      }),
      chatDeltas(completion, frame),
    );
  },
  failure: failureEvent,
};

export const completionsEncoder: DemoEncoder = {
  whole: (completion, { model, createdAt, answerId }) =>
    JSON.stringify({
      id: answerId("cmpl-"),
      object: "text_completion",
      created: createdAt,
      model,
      choices: completion.choices.map((choice, index) => ({
        text: choice.tokens.join(""),
        index,
        logprobs: null,
        finish_reason: finishReason(choice),
      })),
      ...usageMember(completion),
    }),
  steps: (completion, frame, includesUsage) => {
    const id = frame.answerId("cmpl-");
    return streamSteps(
      completion,
      includesUsage,
      (choices, usage) => ({
        id,
        object: "text_completion",
        created: frame.createdAt,
        choices,
        model: frame.model,
        ...usage,
      }),
      textDeltas(completion),
    );
  },
  failure: failureEvent,
};

/** One choice of one chunk, and what it took. */
interface Delta {
  readonly choice: object;
  readonly tokens: number;
}

function streamSteps(
  completion: Completion,
  includesUsage: boolean,
  chunk: (choices: readonly object[], usage: object) => object,
  deltas: readonly Delta[],
): Step[] {
  const reported = includesUsage ? completion.reportedUsage : null;
  const noUsage = reported === null ? {} : { usage: null };
  const steps: Step[] = [
    { text: "", tokens: completion.reasoning.length },
    ...deltas.map(({ choice, tokens }) => dataEvent(chunk([choice], noUsage), tokens)),
  ];
  if (reported !== null) steps.push(dataEvent(chunk([], { usage: encodeUsage(reported) }), 0));
  return [...steps, DONE];
}

function chatDeltas(completion: Completion, { mintId }: AnswerFrame): Delta[] {
  const ends = completion.choices.map((choice, index): Delta => ({
    choice: { index, delta: {}, logprobs: null, finish_reason: finishReason(choice) },
    tokens: 0,
  }));
  const starts = completion.choices.map((choice, index): Delta => {
    const { toolName } = choice;
    const delta =
      toolName === null
        ? { role: "assistant", content: "", refusal: null }
        : {
            role: "assistant",
            content: null,
            tool_calls: [
              {
                index: 0,
                id: mintId("call_"),
                type: "function",
                function: { name: toolName, arguments: "" },
              },
            ],
            refusal: null,
          };
    return {
      choice: { index, delta, logprobs: null, finish_reason: null },
      tokens: index === 0 ? 1 : 0,
    };
  });
  const middle = inTurn(completion.choices, (token, choice, index) => {
    const delta =
      choice.toolName === null
        ? { content: token }
        : { tool_calls: [{ index: 0, function: { arguments: token } }] };
    return { index, delta, logprobs: null, finish_reason: null };
  });
  return [...starts, ...middle, ...ends];
}

function textDeltas(completion: Completion): Delta[] {
  const ends = completion.choices.map((choice, index): Delta => ({
    choice: { text: "", index, logprobs: null, finish_reason: finishReason(choice) },
    tokens: 0,
  }));
  const middle = inTurn(completion.choices, (token, _, index) => ({
    text: token,
    index,
    logprobs: null,
    finish_reason: null,
  }));
  return [...middle, ...ends];
}

/** The first token of every choice, then the second of every one, and so on: choices are written at the same time. */
function inTurn(
  choices: readonly Choice[],
  encode: (token: string, choice: Choice, index: number) => object,
): Delta[] {
  const deltas: Delta[] = [];
  const longest = Math.max(0, ...choices.map((choice) => choice.tokens.length));
  for (let at = 0; at < longest; at++) {
    let tokens = 1;
    choices.forEach((choice, index) => {
      const token = choice.tokens[at];
      if (token === undefined) return;
      deltas.push({ choice: encode(token, choice, index), tokens });
      tokens = 0;
    });
  }
  return deltas;
}

function chatMessage(choice: Choice, mintId: MintId) {
  const text = choice.tokens.join("");
  const { toolName } = choice;
  if (toolName === null)
    return { role: "assistant", content: text, refusal: null, annotations: [] };
  const call = {
    id: mintId("call_"),
    type: "function",
    function: { name: toolName, arguments: text },
  };
  return { role: "assistant", content: null, tool_calls: [call], refusal: null, annotations: [] };
}

function finishReason(choice: Choice): string {
  if (choice.isCut) return "length";
  return choice.toolName === null ? "stop" : "tool_calls";
}

function usageMember({ reportedUsage }: Completion) {
  return reportedUsage === null ? {} : { usage: encodeUsage(reportedUsage) };
}

function encodeUsage(usage: Usage) {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function failureEvent(): Step[] {
  const { status, message, param, code } = refusalOnPurpose(500);
  return [dataEvent({ error: { message, type: openaiType(status), param, code } }, 0)];
}
