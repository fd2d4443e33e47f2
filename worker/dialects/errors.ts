/**
 * Errors in the caller's dialect. OpenAI: `{error: {message, type, param, code}}`; Anthropic: `{type: "error", error:
 * {type, message}, request_id}`. Sources: both vendors' API references, "Errors" and "Streaming".
 */
import type { Family } from "../chat.ts";
import type { GatewayError } from "../errors.ts";
import { parseJsonObject } from "./read.ts";
import type { ErrorWire } from "./wire.ts";

export const errorWires: Readonly<Record<Family, ErrorWire>> = {
  openai: {
    body: (error, requestId) => JSON.stringify({ error: openaiError(error, requestId) }),
    event: (error, requestId) =>
      `data: ${JSON.stringify({ error: openaiError(error, requestId) })}\n\n`,
    eventFromBody: (body) => {
      const json = parseJsonObject(body);
      return json === null ? null : `data: ${JSON.stringify(json)}\n\n`;
    },
  },
  anthropic: {
    body: (error, requestId) => JSON.stringify(anthropicError(error, requestId)),
    event: (error, requestId) =>
      `event: error\ndata: ${JSON.stringify(anthropicError(error, requestId))}\n\n`,
    eventFromBody: (body) => {
      const json = parseJsonObject(body);
      return json === null ? null : `event: error\ndata: ${JSON.stringify(json)}\n\n`;
    },
  },
};

/** The Responses API names its in-stream errors. */
export const responsesErrorWire: ErrorWire = {
  ...errorWires.openai,
  event: (error) =>
    `event: error\ndata: ${JSON.stringify({
      type: "error",
      code: error.code,
      message: error.message,
      param: error.field,
      sequence_number: null,
    })}\n\n`,
  eventFromBody: (body) => {
    const json = parseJsonObject(body);
    return json === null
      ? null
      : `event: error\ndata: ${JSON.stringify({ type: "error", ...json })}\n\n`;
  },
};

function openaiError(error: GatewayError, requestId: string) {
  return {
    message: error.message,
    type: openaiType(error.status),
    param: error.field,
    code: error.code,
    request_id: requestId,
  };
}

function openaiType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

function anthropicError(error: GatewayError, requestId: string) {
  return {
    type: "error",
    error: { type: anthropicType(error.status), message: error.message, code: error.code },
    request_id: requestId,
  };
}

function anthropicType(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}
