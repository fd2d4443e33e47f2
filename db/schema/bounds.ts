/**
 * What the columns of both databases may hold: closed lists, and names too short and too plain for prose. As SQL text that
 * both dialects read, but for a name's characters. The enums stand here, not imported: this folder imports nothing of the
 * gateway. A test holds the two together.
 */

export const ENUMS = {
  attribution: ["key", "header", "none"],
  credential: ["managed", "passthrough"],
  endpoint: [
    "chat",
    "completions",
    "responses",
    "embeddings",
    "messages",
    "images",
    "audio",
    "files",
    "batches",
    "moderations",
    "rerank",
  ],
  dialect: [
    "openai-chat",
    "openai-completions",
    "openai-responses",
    "openai-embeddings",
    "anthropic-messages",
    "opaque",
  ],
  usage_source: ["provider", "estimated", "none"],
  outcome: ["ok", "aborted", "cut", "upstream_error", "timeout", "refused", "crashed"],
} as const;

/** Closed lists whose column may be empty. */
export const OPTIONAL_ENUMS = {
  finish_reason: ["stop", "length", "tool_call", "content_filter", "error", "other"],
  content_mode: ["off", "encrypted", "plaintext"],
} as const;

/** Closed lists of the tables of administration. */
export const ADMIN_ENUMS = {
  scope: ["org", "team", "user", "key"],
  unit: ["usd", "tokens"],
  window: ["hour", "day", "week", "month"],
  mode: ["hard", "soft"],
  role: ["owner", "admin", "auditor", "viewer"],
} as const;

/** The columns of the ledger that hold names; every other text of it is an id of ours or an enum. */
export const LEDGER_NAMES = [
  "session",
  "user",
  "team",
  "key_id",
  "provider",
  "model_requested",
  "model_served",
  "service_tier",
  "price_version",
] as const;

/** Whole numbers that every row of the ledger has. */
export const LEDGER_COUNTS = [
  "time_ms",
  "attempt",
  "stream",
  "input_tokens",
  "cached_input_tokens",
  "cache_write_tokens",
  "cache_write_1h_tokens",
  "output_tokens",
  "reasoning_tokens",
  "unpriced",
  "saved_input_tokens",
] as const;

/** Whole numbers that a row may lack. */
export const LEDGER_OPTIONAL_COUNTS = [
  "latency_ms",
  "ttfb_ms",
  "status",
  "upstream_status",
] as const;

/** Parts never exceed their whole, and nothing is below zero. */
export const TOKENS_ADD_UP = [
  `"cached_input_tokens" >= 0`,
  `"cache_write_tokens" >= "cache_write_1h_tokens"`,
  `"cache_write_1h_tokens" >= 0`,
  `"input_tokens" >= "cached_input_tokens" + "cache_write_tokens"`,
  `"reasoning_tokens" >= 0`,
  `"output_tokens" >= "reasoning_tokens"`,
].join(" and ");

/** Longest name that the identity pattern allows. */
const NAME_LENGTH = 128;

/**
 * The characters of the identity pattern, as the inside of a bracket expression. Beyond ASCII all pass: neither database
 * knows which of them are letters everywhere.
 */
export const NAME_CHARACTERS = "a-z0-9 ._@:/+=A-Z\u00aa-\u{10fffd}-";

/** A closed list. Not `in (…)`: for a CHECK, SQLite builds a table of such a list for each row, which costs half the insert. */
export function isOneOf(column: keyof typeof ENUMS): string {
  return `(${anyOf(column, ENUMS[column])})`;
}

/** The same, or nothing. */
export function isNoneOrOneOf(column: keyof typeof OPTIONAL_ENUMS): string {
  return `("${column}" is null or ${anyOf(column, OPTIONAL_ENUMS[column])})`;
}

/** One of a table of administration. */
export function isAdminOneOf(column: keyof typeof ADMIN_ENUMS): string {
  return `(${anyOf(column, ADMIN_ENUMS[column])})`;
}

function anyOf(column: string, values: readonly string[]): string {
  return values.map((value) => `"${column}" = '${value}'`).join(" or ");
}

/**
 * A few names by key, `{"project":"apollo","stage":"test"}`: at most eight, three spaces for each, and no mark but those of such a text.
 * @param isPlain the dialect's own test that a column holds these characters only
 */
export function isMetadata(column: string, isPlain: (column: string) => string): string {
  const name = `"${column}"`;
  return [
    `(${name} is null or (length(${name}) <= 1536`,
    `${name} like '{"%":"%"}'`,
    `${name} not like '${'%":"'.repeat(9)}%'`,
    // A member has one such mark of three characters.
    `length(replace(${name}, ' ', '')) >= length(replace(${name}, '":"', ''))`,
    `${isPlain(column)}))`,
  ].join(" and ");
}

/** The characters of such a text, as the inside of a bracket expression. */
export const METADATA_CHARACTERS = `{}",${NAME_CHARACTERS}`;

/**
 * At most 128 characters of the identity pattern and three spaces; null passes.
 * @param isPlain the dialect's own test that a column holds name characters only
 */
export function areNames(columns: readonly string[], isPlain: (column: string) => string): string {
  return columns
    .map(
      (column) =>
        `("${column}" is null or (length("${column}") <= ${NAME_LENGTH} and "${column}" not like '% % % % %' and ${isPlain(column)}))`,
    )
    .join(" and ");
}
