/**
 * Usage as OpenAI's chat, completions and embeddings report it, and as the servers that imitate them do.
 * `prompt_tokens` includes cached tokens. Sources: OpenAI API reference, "usage" of the chat completion object;
 * DeepSeek's `prompt_cache_hit_tokens`; OpenRouter's `cache_write_tokens`.
 */
import type { Usage } from "../chat.ts";
import { boundUsage, countAt, isObject, objectAt, saysCounts, type JsonObject } from "./read.ts";

/** @returns null if the object holds no usage */
export function openaiUsage(holder: JsonObject): Usage | null {
  const usage = holder["usage"] ?? objectAt(holder, "x_groq")?.["usage"];
  if (!isObject(usage)) return null;
  if (!saysCounts(usage, ["prompt_tokens", "completion_tokens"])) return null;
  const input = objectAt(usage, "prompt_tokens_details");
  const output = objectAt(usage, "completion_tokens_details");
  const prompt = countAt(usage, "prompt_tokens");
  // xAI and Gemini leave reasoning out of `completion_tokens`, but not out of the total.
  const beyondPrompt = countAt(usage, "total_tokens") - prompt;
  return boundUsage({
    inputTokens: prompt,
    cachedInputTokens: countAt(input, "cached_tokens") || countAt(usage, "prompt_cache_hit_tokens"),
    cacheWriteTokens: countAt(input, "cache_write_tokens"),
    cacheWrite1hTokens: 0,
    outputTokens: Math.max(countAt(usage, "completion_tokens"), beyondPrompt),
    reasoningTokens: countAt(output, "reasoning_tokens"),
  });
}
