/**
 * What providers call the end of an answer, in one closed list: the words of OpenAI's `finish_reason` and of Anthropic's
 * `stop_reason`, as both document them. Pure.
 */
import type { FinishReason } from "../chat.ts";

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["completed", "stop"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["max_output_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_calls", "tool_call"],
  ["function_call", "tool_call"],
  ["tool_use", "tool_call"],
  ["content_filter", "content_filter"],
  ["refusal", "content_filter"],
  ["failed", "error"],
]);

/** @param value of untrusted JSON; what is no text is no reason */
export function finishReason(value: unknown): FinishReason | null {
  return typeof value === "string" ? (REASONS.get(value) ?? "other") : null;
}
