/**
 * What the columns of both databases may hold: closed lists, and lengths too short for prose. The enums stand here, not
 * imported: this folder imports nothing of the gateway. A test of the gateway holds the two together.
 */

export const ENUMS = {
  attribution: ["key", "header", "none"],
  credential: ["managed", "passthrough"],
  endpoint: ["chat", "completions", "responses", "embeddings", "messages"],
  dialect: [
    "openai-chat",
    "openai-completions",
    "openai-responses",
    "openai-embeddings",
    "anthropic-messages",
  ],
  usage_source: ["provider", "estimated", "none"],
  outcome: ["ok", "aborted", "cut", "upstream_error", "timeout", "refused", "crashed"],
} as const;

/** Longest name that the identity pattern allows. */
const NAME_LENGTH = 128;

/** `column IN ('a','b')` as SQL text. */
export function isOneOf(column: keyof typeof ENUMS): string {
  return `"${column}" in (${ENUMS[column].map((value) => `'${value}'`).join(",")})`;
}

/** At most 128 characters and three spaces, as SQL text of both dialects; null passes. */
export function isName(column: string): string {
  return `("${column}" is null or (length("${column}") <= ${NAME_LENGTH} and "${column}" not like '% % % % %'))`;
}
