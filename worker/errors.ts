/**
 * The closed table of errors that a caller can meet, and the one error class that carries them.
 * Public text comes from this table and from a field's *name*; never from a cause, a body or a header value.
 */

/** code → [HTTP status, public text]. The text says what to do next. */
const TABLE = {
  invalid_json: [400, "The request body is not valid JSON in UTF-8."],
  invalid_request: [400, "The request is not valid."],
  ambiguous_field: [
    400,
    "A field appears twice, or differs from a known field only in letter case. Send it once, spelled exactly.",
  ],
  unsupported_field: [400, "This gateway does not support that field."],
  unsupported_dialect: [
    400,
    "The provider of this model does not speak this endpoint's dialect. Use another endpoint or another model.",
  ],
  unauthenticated: [401, "No valid credential was sent."],
  model_not_allowed: [403, "This key may not use that model."],
  forbidden: [403, "That is not allowed with this credential."],
  not_found: [404, "There is nothing at this address."],
  model_not_found: [
    404,
    "No configured provider has this model. `GET /v1/models` lists what there is.",
  ],
  method_not_allowed: [
    405,
    "This address exists, but not for this method. See the `allow` header.",
  ],
  conflict: [409, "This is not as it was when it was read, or exists already. Read it again."],
  plaintext_not_allowed: [
    409,
    "Plaintext content needs ANYRAY_ALLOW_PLAINTEXT=true at deployment.",
  ],
  body_too_large: [413, "The request body is larger than this gateway accepts."],
  rate_limited: [429, "Too many requests. Wait, then try again."],
  cap_exceeded: [429, "A spending cap is reached."],
  internal: [
    500,
    "The gateway failed. The request id identifies this failure in the gateway's log.",
  ],
  upstream_unreachable: [502, "The provider could not be reached, or closed the connection."],
  upstream_malformed: [502, "The provider's answer is not valid HTTP or not what it claims to be."],
  provider_credential_refused: [
    502,
    "The provider refused the gateway's credential. The operator must check the provider's API key.",
  ],
  draining: [503, "The gateway is shutting down. Try again."],
  store_unavailable: [503, "The gateway cannot reach its store now. Try again later."],
  timeout_connect: [504, "The provider did not accept a connection in time."],
  timeout_first_byte: [504, "The provider did not begin to answer in time."],
  timeout_idle: [504, "The provider fell silent in the middle of its answer."],
  timeout_total: [504, "The answer took longer than this gateway allows."],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof TABLE;

export const ERROR_CODES = Object.keys(TABLE) as readonly ErrorCode[];

function errorStatus(code: ErrorCode): number {
  return TABLE[code][0];
}

/** What the gateway itself says when it refuses or fails; encoded by the caller's dialect. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  /** Name of the offending field, header or setting. A name of ours or of the published APIs, never a value. */
  readonly field: string | null;
  /** Response headers that belong to this error, such as `allow` or `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    options: {
      readonly field?: string;
      /** Added after the table's text. MUST NOT hold anything the caller or a provider sent. */
      readonly hint?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    const hint = options.hint === undefined ? "" : ` ${options.hint}`;
    // Before the hint, which speaks of it.
    const field = options.field === undefined ? "" : ` (${options.field})`;
    super(`${TABLE[code][1].slice(0, -1)}${field}.${hint}`);
    this.name = "GatewayError";
    this.code = code;
    this.status = errorStatus(code);
    this.field = options.field ?? null;
    this.headers = options.headers ?? {};
  }
}
