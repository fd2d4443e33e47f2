/**
 * The demo's Messages API. `input_tokens` leaves the cache out; the usage of `message_delta` is cumulative and final.
 * Source: Anthropic API reference, "Messages" and "Streaming messages".
 */
import type { Usage } from "../../chat.ts";
import type { Choice, Completion } from "./completion.ts";
import type { DemoEncoder } from "./encoder.ts";
import { anthropicError, refusalOnPurpose } from "./refusal.ts";
import { namedEvent, type AnswerFrame, type MintId, type Step } from "./steps.ts";

/** What stands in for the proof of a thinking block. */
const SIGNATURE = "ZGVtbyBzaWduYXR1cmU=";

export const messagesEncoder: DemoEncoder = {
  whole: (completion, frame) => {
    const content: object[] = [];
    const [choice] = completion.choices;
    if (completion.reasoning.length > 0) {
      const thinking = completion.reasoning.join("");
      content.push({ type: "thinking", thinking, signature: SIGNATURE });
    }
    if (choice !== undefined) content.push(...wholeBlock(choice, frame.mintId));
    const usage = completion.reportedUsage;
    return JSON.stringify({
      ...messageHead(frame),
      content,
      stop_reason: choice === undefined ? null : stopReason(choice),
      stop_sequence: null,
      ...(usage === null ? {} : { usage: { ...encodeUsage(usage), ...outputUsage(usage) } }),
    });
  },
  steps: (completion, frame) => {
    const usage = completion.reportedUsage;
    const [choice] = completion.choices;
    const blocks: ((index: number) => Step[])[] = [];
    if (completion.reasoning.length > 0) blocks.push((at) => thinkingSteps(completion, at));
    if (choice !== undefined) blocks.push((at) => blockSteps(choice, at, frame.mintId));
    const start = {
      type: "message_start",
      message: {
        ...messageHead(frame),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        ...(usage === null ? {} : { usage: { ...encodeUsage(usage), output_tokens: 1 } }),
      },
    };
    const content = blocks.flatMap((block, index) => block(index));
    return [
      namedEvent(start, 1),
      ...content.slice(0, 1),
      namedEvent({ type: "ping" }, 0),
      ...content.slice(1),
      namedEvent(
        {
          type: "message_delta",
          delta: {
            stop_reason: choice === undefined ? null : stopReason(choice),
            stop_sequence: null,
          },
          ...(usage === null ? {} : { usage: deltaUsage(usage) }),
        },
        0,
      ),
      namedEvent({ type: "message_stop" }, 0),
    ];
  },
  failure: (frame) => {
    const { message } = refusalOnPurpose(529);
    return [namedEvent(anthropicError(529, message, frame.mintId("req_")), 0)];
  },
};

function messageHead({ model, answerId }: AnswerFrame) {
  return { model, id: answerId("msg_"), type: "message", role: "assistant" };
}

function wholeBlock(choice: Choice, mintId: MintId): object[] {
  const text = choice.tokens.join("");
  if (choice.toolName === null) return text === "" ? [] : [{ type: "text", text }];
  // Cut arguments are no JSON: the real API then gives what it could read of them.
  const input: unknown = choice.isCut ? {} : JSON.parse(text);
  return [{ type: "tool_use", id: mintId("toolu_"), name: choice.toolName, input }];
}

function blockSteps(choice: Choice, index: number, mintId: MintId): Step[] {
  const { toolName, tokens } = choice;
  if (toolName === null) {
    return frameBlock(
      index,
      { type: "text", text: "" },
      tokens.map((text) => ({ type: "text_delta", text })),
    );
  }
  return frameBlock(
    index,
    { type: "tool_use", id: mintId("toolu_"), name: toolName, input: {} },
    ["", ...tokens].map((partial_json) => ({ type: "input_json_delta", partial_json })),
  );
}

function thinkingSteps(completion: Completion, index: number): Step[] {
  return frameBlock(index, { type: "thinking", thinking: "", signature: "" }, [
    ...completion.reasoning.map((thinking) => ({ type: "thinking_delta", thinking })),
    { type: "signature_delta", signature: SIGNATURE },
  ]);
}

function frameBlock(index: number, contentBlock: object, deltas: readonly object[]): Step[] {
  const start = { type: "content_block_start", index, content_block: contentBlock };
  return [
    namedEvent(start, 0),
    ...deltas.map((delta) => namedEvent({ type: "content_block_delta", index, delta }, 1)),
    namedEvent({ type: "content_block_stop", index }, 0),
  ];
}

function stopReason(choice: Choice): string {
  if (choice.isCut) return "max_tokens";
  return choice.toolName === null ? "end_turn" : "tool_use";
}

function inputUsage(usage: Usage) {
  return {
    input_tokens: usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cachedInputTokens,
  };
}

function encodeUsage(usage: Usage) {
  return {
    ...inputUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens - usage.cacheWrite1hTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    service_tier: "standard",
    inference_geo: "not_available",
  };
}

function deltaUsage(usage: Usage) {
  return { ...inputUsage(usage), output_tokens: usage.outputTokens, ...outputUsage(usage) };
}

function outputUsage(usage: Usage) {
  if (usage.reasoningTokens === 0) return {};
  return { output_tokens_details: { thinking_tokens: usage.reasoningTokens } };
}
