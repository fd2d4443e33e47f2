/**
 * How the demo refuses: status and words of one refusal, and its body in the caller's dialect. The words name fields,
 * never values. Sources: both vendors' API references, "Errors".
 */
import type { Family } from "../../chat.ts";

/** What is wrong, before it is worded for a dialect. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** The field that is wrong. */
  readonly param: string | null;
  /** OpenAI's `code`. */
  readonly code: string | null;
}

/** Thrown while a request is read; caught where the request came in. */
export class RefusedRequest extends Error {
  readonly refusal: Refusal;
  constructor(message: string, param: string | null, code: string | null = null, status = 400) {
    super(message);
    this.name = "RefusedRequest";
    this.refusal = { status, message, param, code };
  }
}

export const NO_SUCH_MODEL: Refusal = {
  status: 404,
  message: "The demo has no such model. `GET /v1/models` lists those that it has.",
  param: "model",
  code: "model_not_found",
};

const ON_PURPOSE: Readonly<Record<number, Omit<Refusal, "status" | "param">>> = {
  400: { message: "This demo model refuses every request.", code: null },
  401: { message: "Incorrect API key provided.", code: "invalid_api_key" },
  403: { message: "You are not allowed to use this model.", code: "permission_denied" },
  404: { message: NO_SUCH_MODEL.message, code: NO_SUCH_MODEL.code },
  429: { message: "Rate limit reached. Try again in 1 s.", code: "rate_limit_exceeded" },
  500: { message: "The server had an error while processing your request.", code: null },
  503: { message: "The engine is currently overloaded. Try again later.", code: null },
  529: { message: "Overloaded", code: null },
};

export function refusalOnPurpose(status: number): Refusal {
  const words = ON_PURPOSE[status] ?? { message: "Refused.", code: null };
  return { status, param: null, ...words };
}

/** Body of an error answer: JSON text. */
export function encodeRefusal(family: Family, refusal: Refusal, requestId: string): string {
  const { status, message, param, code } = refusal;
  if (family === "anthropic") return JSON.stringify(anthropicError(status, message, requestId));
  return `${JSON.stringify({ error: { message, type: openaiType(status), param, code } }, null, 2)}\n`;
}

export function anthropicError(status: number, message: string, requestId: string) {
  return {
    type: "error",
    error: { type: anthropicType(status), message },
    request_id: requestId,
  };
}

export function openaiType(status: number): string {
  if (status === 401 || status === 400 || status === 403 || status === 404) {
    return "invalid_request_error";
  }
  return status === 429 ? "requests" : "server_error";
}

function anthropicType(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 529:
      return "overloaded_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}
