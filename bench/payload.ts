/**
 * What travels in the measurements: requests of a given size, and the mock provider's answers. Pure.
 *
 * Text looks like text (words, quotes, line breaks to escape), because a parser's cost depends on it.
 */

/** How the answer comes. */
export type Shape = "json" | "sse";

/** A model that the vendored prices know, so that the gateway really computes a cost. */
export const MODEL = "gpt-4o-mini";
export const CHAT_PATH = "/v1/chat/completions";
/** Content chunks of a short SSE answer; the usage chunk and `[DONE]` come after them. */
export const SSE_CHUNKS = 20;

const SENTENCE =
  'The quick \\"brown\\" fox\\njumps over the lazy dog, then writes a function that returns it. ';
/** Agents send long conversations as many messages of about this size. */
const MESSAGE_CHARS = 2_000;

/** A chat request of exactly `sizeBytes` (≥ 200), ASCII only. */
export function requestBody(shape: Shape, sizeBytes: number): string {
  const stream = shape === "sse" ? '"stream":true,' : "";
  const open = `{"model":"${MODEL}",${stream}"temperature":0.2,"messages":[`;
  const close = "]}";
  const messages: string[] = [];
  let left = sizeBytes - open.length - close.length;
  for (let index = 0; left > 0; index++) {
    const role = index % 2 === 0 ? "user" : "assistant";
    const head = `${index === 0 ? "" : ","}{"role":"${role}","content":"`;
    const frame = head.length + 2;
    // What would remain for one more message must be enough for its frame, else this one takes it all.
    const take = left - frame < MESSAGE_CHARS + 200 ? left - frame : MESSAGE_CHARS;
    messages.push(`${head}${text(take)}"}`);
    left -= frame + take;
  }
  return open + messages.join("") + close;
}

function text(length: number): string {
  const whole = SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length);
  // A cut between a backslash and what it escapes would break the JSON.
  return whole.endsWith("\\") ? `${whole.slice(0, -1)}.` : whole;
}

const USAGE =
  '"usage":{"prompt_tokens":120,"completion_tokens":20,"total_tokens":140,' +
  '"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}';
const ANSWER_ID = '"id":"chatcmpl-BenchmarkAnswer0000000000001","created":1763900000';

/** A whole answer of about 600 bytes. */
export const JSON_ANSWER =
  `{${ANSWER_ID},"object":"chat.completion","model":"${MODEL}-2024-07-18","choices":[{"index":0,"message":` +
  `{"role":"assistant","content":"${text(150)}","refusal":null},"logprobs":null,"finish_reason":"stop"}],` +
  `${USAGE},"service_tier":"default","system_fingerprint":"fp_bench00001"}`;

function chunk(rest: string): string {
  return `data: {${ANSWER_ID},"object":"chat.completion.chunk","model":"${MODEL}-2024-07-18",${rest}}\n\n`;
}

/** One event with this content, about 200 bytes. `content` must need no escape. */
export function contentEvent(content: string): string {
  return chunk(
    `"choices":[{"index":0,"delta":{"content":"${content}"},"logprobs":null,"finish_reason":null}]`,
  );
}

export const FINISH_EVENT = chunk('"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]');
export const USAGE_EVENT = chunk(`"choices":[],${USAGE}`);
export const DONE_EVENT = "data: [DONE]\n\n";

/** The events of a short answer in order, `[DONE]` last; a provider sends usage only when asked. */
export function sseEvents(withUsage: boolean): readonly string[] {
  const content = Array.from({ length: SSE_CHUNKS - 1 }, (_, index) =>
    contentEvent(` word${index}`),
  );
  return [...content, FINISH_EVENT, ...(withUsage ? [USAGE_EVENT] : []), DONE_EVENT];
}
