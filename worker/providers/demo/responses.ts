/**
 * The demo's Responses API. Usage stands in the closing event alone; every event carries its number.
 * Source: OpenAI API reference, "Responses" and "Streaming events". Nothing is stored.
 */
import type { Usage } from "../../chat.ts";
import type { Completion } from "./completion.ts";
import type { DemoEncoder } from "./encoder.ts";
import { openaiType, refusalOnPurpose } from "./refusal.ts";
import {
  outputItem,
  type OutputItem,
  type OutputPart,
  type ResponseEvent,
} from "./response-items.ts";
import { namedEvent, type AnswerFrame, type Step } from "./steps.ts";

export const responsesEncoder: DemoEncoder = {
  whole: (completion, frame) => {
    const head = responseHead(frame);
    const output = outputItems(completion, frame).map((item) => item.done);
    return JSON.stringify(closedResponse(head, completion, output));
  },
  steps: (completion, frame) => {
    const head = responseHead(frame);
    const items = outputItems(completion, frame);
    const output = items.map((item) => item.done);
    const response = { ...head, status: "in_progress", output: [], usage: null };
    const closed = closedResponse(head, completion, output);
    const events: ResponseEvent[] = [
      { tokens: 1, data: { type: "response.created", response } },
      { tokens: 0, data: { type: "response.in_progress", response } },
      ...items.flatMap((item, index) => item.events(index)),
      { tokens: 0, data: { type: `response.${closed.status}`, response: closed } },
    ];
    return numbered(events, 0);
  },
  failure: (frame, sent) => {
    const { status, message, param } = refusalOnPurpose(500);
    const error = { type: openaiType(status), code: "server_error", message, param };
    const response = {
      ...responseHead(frame),
      status: "failed",
      error: { code: "server_error", message },
      output: [],
      usage: null,
    };
    const events: ResponseEvent[] = [
      { tokens: 0, data: { type: "error", error } },
      { tokens: 0, data: { type: "response.failed", response } },
    ];
    return numbered(events, sent);
  },
};

/** What stays the same from the first event to the last. */
function responseHead({ model, createdAt, answerId }: AnswerFrame) {
  return {
    id: answerId("resp_"),
    object: "response",
    created_at: createdAt,
    completed_at: null,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: false,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: [],
    top_logprobs: 0,
    top_p: 1,
    truncation: "disabled",
    usage: null,
    user: null,
  };
}

function closedResponse(
  head: ReturnType<typeof responseHead>,
  completion: Completion,
  output: readonly object[],
) {
  const isCut = completion.choices.some((choice) => choice.isCut);
  const usage = completion.reportedUsage;
  return {
    ...head,
    status: isCut ? "incomplete" : "completed",
    completed_at: isCut ? null : head.created_at,
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    output,
    usage: usage === null ? null : encodeUsage(usage),
  };
}

function outputItems({ reasoning, choices }: Completion, { mintId }: AnswerFrame): OutputItem[] {
  const parts: OutputPart[] = choices.map((choice) => ({ kind: "choice", choice }));
  if (reasoning.length > 0) parts.unshift({ kind: "reasoning", tokens: reasoning });
  return parts.map((part) => outputItem(part, mintId));
}

function numbered(events: readonly ResponseEvent[], first: number): Step[] {
  return events.map(({ tokens, data }, index) => {
    const { type, ...rest } = data;
    return namedEvent({ type, sequence_number: first + index, ...rest }, tokens);
  });
}

function encodeUsage(usage: Usage) {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
