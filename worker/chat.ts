/**
 * The vocabulary of a request in flight: endpoints, dialects, usage, outcomes. Types and constants only; no I/O.
 */

/** What a caller asks for. The names are those of a provider's `capabilities.endpoints`, and of the ledger. */
export const ENDPOINTS = [
  "chat",
  "completions",
  "responses",
  "embeddings",
  "messages",
  "count_tokens",
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/**
 * What passes unread, where a provider's `capabilities.endpoints` name it: nothing of it is counted or priced, so its rows are
 * `unpriced`.
 */
export const OPAQUE_ENDPOINTS = [
  "images",
  "audio",
  "files",
  "batches",
  "moderations",
  "rerank",
] as const;
export type OpaqueEndpoint = (typeof OPAQUE_ENDPOINTS)[number];
export type AnyEndpoint = Endpoint | OpaqueEndpoint;

/** The wire format of one endpoint; `opaque`: one that passes unread. */
export const DIALECTS = [
  "openai-chat",
  "openai-completions",
  "openai-responses",
  "openai-embeddings",
  "anthropic-messages",
  "opaque",
] as const;
export type Dialect = (typeof DIALECTS)[number];

/** Whose error shape and header habits a dialect follows. */
export type Family = "openai" | "anthropic";

/**
 * Tokens of one attempt, normalised. All counts are whole and ≥ 0, and
 * `cachedInputTokens + cacheWriteTokens ≤ inputTokens`, `cacheWrite1hTokens ≤ cacheWriteTokens`, `reasoningTokens ≤ outputTokens`.
 */
export interface Usage {
  /** All input, cached and cache-written tokens included. */
  readonly inputTokens: number;
  /** Read from the provider's prompt cache. */
  readonly cachedInputTokens: number;
  /** Written to the provider's prompt cache, whatever the lifetime. */
  readonly cacheWriteTokens: number;
  /** The part of `cacheWriteTokens` that was written for an hour. */
  readonly cacheWrite1hTokens: number;
  /** All output, reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export const NO_USAGE: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};

/** Where a row's token counts come from: the provider's own words, our tokenizer, or nothing was used. */
export const USAGE_SOURCES = ["provider", "estimated", "none"] as const;
export type UsageSource = (typeof USAGE_SOURCES)[number];

/** How an attempt ended. */
export const OUTCOMES = [
  "ok",
  "aborted",
  "cut",
  "upstream_error",
  "timeout",
  "refused",
  "crashed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why a model stopped, in OpenTelemetry's words (GenAI conventions, `FinishReason` of output messages), and `other`. */
export const FINISH_REASONS = [
  "stop",
  "length",
  "tool_call",
  "content_filter",
  "error",
  "other",
] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

/** Whether the gateway's or the caller's own provider credential was used. */
export type Credential = "managed" | "passthrough";
/** Who said who is calling: the key's binding, the metadata header, or nobody. */
export type Attribution = "key" | "header" | "none";

/**
 * What may be stored as a name: CONTRACT's identity pattern. Starts with a letter or digit; letters, digits and
 * `. _ @ : / + = -`; at most three single inner spaces; ≤ 128 characters. Prose does not fit.
 */
const IDENTITY = /^[\p{L}\p{Nd}](?:[\p{L}\p{M}\p{Nd}._@:/+=-]| (?! |$)){0,127}$/u;

export function isIdentity(value: string): boolean {
  return value.length <= 128 && IDENTITY.test(value) && value.split(" ").length <= 4;
}
