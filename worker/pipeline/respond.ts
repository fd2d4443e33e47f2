/** The answers that the gateway words itself, and the headers that every answer carries. */
import { StoreUnavailable } from "../../db/store.ts";
import type { Deps } from "../deps.ts";
import type { ErrorWire } from "../dialects/wire.ts";
import { GatewayError } from "../errors.ts";
import type { Attempt } from "./attempt.ts";
import { requestIdOf } from "../ids.ts";
import { errorName } from "../telemetry/log.ts";

export function ownHeaders(traceId: string): [string, string][] {
  return [
    ["x-request-id", requestIdOf(traceId)],
    ["x-anyray-trace-id", traceId],
  ];
}

/**
 * Those of an answer to an attempt: also how long what took, in ms (W3C Server Timing), and which caps are exceeded that only
 * say so, and what is left of rate limits.
 * @param now monotonic ms
 */
export function attemptHeaders(
  { accepted, admission, begunAt }: Attempt,
  now: number,
): [string, string][] {
  const own = ownHeaders(accepted.traceId);
  const gatewayMs = (begunAt - accepted.startedAt).toFixed(1);
  own.push([
    "server-timing",
    `gateway;dur=${gatewayMs}, provider;dur=${(now - begunAt).toFixed(1)}`,
  ]);
  const exceeded = admission?.exceeded ?? [];
  if (exceeded.length > 0) own.push(["x-anyray-cap-exceeded", exceeded.join(", ")]);
  for (const [name, value] of admission?.rateHeaders ?? []) own.push([name, value]);
  return own;
}

export function errorAnswer(
  error: GatewayError,
  errors: Pick<ErrorWire, "body">,
  traceId: string,
): Response {
  const headers: [string, string][] = [
    ["content-type", "application/json"],
    ["x-anyray-error-source", "gateway"],
    ...ownHeaders(traceId),
    // The name under which Anthropic's SDK looks for it.
    ["request-id", requestIdOf(traceId)],
    ...Object.entries(error.headers),
  ];
  return new Response(errors.body(error, requestIdOf(traceId)), {
    status: error.status,
    headers,
  });
}

/** What was thrown, as an error of the table. Anything unforeseen is `internal`, and logged by its class name alone. */
export function toGatewayError(deps: Deps, thrown: unknown, traceId: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof StoreUnavailable) return new GatewayError("store_unavailable");
  deps.log.write("error", "request failed inside the gateway", {
    trace_id: traceId,
    error: errorName(thrown),
  });
  return new GatewayError("internal");
}
