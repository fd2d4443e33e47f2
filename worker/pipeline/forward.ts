/**
 * Requests that generate nothing and leave no row: counting tokens, and reading or deleting a stored response. Sent and
 * answered whole.
 */
import { parseJsonBody } from "../body/parse.ts";
import { splice } from "../body/fields.ts";
import type { Endpoint } from "../chat.ts";
import { mediaOf, type Recording } from "../content/recording.ts";
import { subjectName } from "../content/subject-name.ts";
import type { Deps } from "../deps.ts";
import { errorWireOf, WIRES } from "../dialects/index.ts";
import { checkRequest } from "../dialects/request.ts";
import type { Answer } from "../egress.ts";
import { GatewayError } from "../errors.ts";
import type { RateHold } from "../limits/rates.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import { joinBytes } from "../stream/transcript.ts";
import { authenticate, identify, type Caller } from "./authenticate.ts";
import { collect } from "./collect.ts";
import { modelEdit } from "./edits.ts";
import { Flight } from "./flight.ts";
import { headersDown, headersUp, headerValue } from "./headers.ts";
import { isHandedOn, refusalOf } from "./provider-errors.ts";
import { readBody } from "./read-body.ts";
import { errorAnswer, ownHeaders, toGatewayError } from "./respond.ts";
import { checkAllowed, checkEndpoint, queryOf } from "./request.ts";
import { chooseTarget } from "./target.ts";
import { upstreamFailure } from "./upstream-failure.ts";

/** `POST /v1/messages/count_tokens` */
export function countTokens(deps: Deps, request: Request): Promise<Response> {
  return forward(deps, "count_tokens", request, async (caller, recording) => {
    const bytes = await readBody(request, deps.limits.maxBodyBytes);
    recording?.input(bytes, mediaOf(request.headers.get("content-type")));
    const body = parseJsonBody(bytes);
    checkRequest(WIRES.count_tokens.request, body.json);
    const target = chooseTarget(deps.routing, "count_tokens", String(body.json["model"]));
    checkAllowed(caller, target, "messages");
    const edit = modelEdit(body, target.model);
    return {
      provider: target.provider,
      method: "POST",
      path: "/messages/count_tokens",
      body: splice(body.bytes, edit === null ? [] : [edit]),
    };
  });
}

/** `GET|DELETE /v1/responses/{id}`, `POST …/cancel`, `GET …/input_items` */
export function storedResponse(
  deps: Deps,
  request: Request,
  responseId: string,
  suffix: "" | "/cancel" | "/input_items",
): Promise<Response> {
  return forward(deps, "responses", request, async (caller) => {
    checkEndpoint(caller, "responses");
    const name = await deps.store.ledger.responseProvider(responseId, caller.key.id);
    const provider = deps.routing.providers.find((candidate) => candidate.name === name);
    if (provider === undefined) throw new GatewayError("not_found", { field: "response_id" });
    if (caller.credential === "passthrough" && caller.key.passthrough !== provider.name) {
      throw new GatewayError("forbidden");
    }
    if (asksForStream(queryOf(request.url))) {
      throw new GatewayError("unsupported_field", { field: "stream" });
    }
    return {
      provider,
      method: request.method === "DELETE" ? "DELETE" : suffix === "/cancel" ? "POST" : "GET",
      path: `/responses/${encodeURIComponent(responseId)}${suffix}`,
      body: [],
    };
  });
}

/** However it is written: servers take more than `true` for it. */
function asksForStream(query: string): boolean {
  return new URLSearchParams(query).getAll("stream").some((value) => !/^(?:false|0)$/i.test(value));
}

type Prepared = Pick<ProviderRequest, "method" | "path" | "body"> & {
  readonly provider: Provider;
};

async function forward(
  deps: Deps,
  endpoint: Endpoint,
  request: Request,
  prepare: (caller: Caller, recording: Recording | null) => Promise<Prepared>,
): Promise<Response> {
  const traceId = deps.ids.traceId();
  let recording: Recording | null = null;
  let hold: RateHold | null = null;
  const flight = new Flight(deps.live, request);
  try {
    if (deps.live.isDraining) throw new GatewayError("draining");
    const caller = await authenticate(deps, request.headers);
    const identity = await identify(deps, caller, request.headers);
    // They cost nothing, so no cap concerns them; they are requests all the same.
    hold = deps.quotas.rates.admit({ keyId: caller.key.id, ...identity }, WIRES[endpoint].family);
    recording = deps.content.open(traceId, deps.clock.now());
    recording?.attribute(subjectName({ key: caller.key, ...identity }), caller.key.id);
    const prepared = await prepare(caller, recording);
    const answer = await exchange(deps, { endpoint, request, caller, prepared, flight });
    return handOn(answer, traceId, recording);
  } catch (thrown) {
    recording?.end(true);
    const error = toGatewayError(deps, thrown, traceId);
    return errorAnswer(error, errorWireOf(WIRES[endpoint]), traceId);
  } finally {
    hold?.release();
    flight.done();
  }
}

interface Forwarded {
  readonly endpoint: Endpoint;
  readonly request: Request;
  readonly caller: Caller;
  readonly prepared: Prepared;
  readonly flight: Flight;
}

interface ForwardedAnswer {
  readonly head: Answer;
  readonly body: Uint8Array;
}

/** @throws GatewayError for an answer that is not handed on */
async function exchange(
  deps: Deps,
  { endpoint, request, caller, prepared, flight }: Forwarded,
): Promise<ForwardedAnswer> {
  const { provider, ...rest } = prepared;
  const sent = provider.send({
    ...rest,
    endpoint,
    query: queryOf(request.url),
    headers: headersUp(request.headers, caller),
    callerCredential: caller.ownCredential,
  });
  flight.onAbort(() => sent.cancel());
  const head = await sent.answer.catch((thrown: unknown) => {
    throw upstreamFailure(thrown, flight.isAborted).error;
  });
  const now = () => deps.clock.monotonic();
  const totalDeadline = deps.limits.totalMs === 0 ? Infinity : now() + deps.limits.totalMs;
  const collected = await collect(head.body, {
    now,
    idleMs: deps.limits.idleMs,
    totalDeadline,
    onFirstByte: () => undefined,
  });
  sent.cancel();
  if (collected.kind === "timeout") throw new GatewayError(collected.code);
  if (collected.kind !== "whole") throw new GatewayError("upstream_unreachable");
  if (!isSuccess(head) && !isHandedOn(head.status, caller)) throw refusalOf(head.status, caller);
  return { head, body: joinBytes(collected.chunks) };
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function handOn(
  { head, body }: ForwardedAnswer,
  traceId: string,
  recording: Recording | null,
): Response {
  recording?.output(mediaOf(headerValue(head.headers, "content-type")));
  recording?.write(body);
  recording?.end(false);
  const own = ownHeaders(traceId);
  if (!isSuccess(head)) own.push(["x-anyray-error-source", "upstream"]);
  // The DOM's types know no view of a shared buffer as a body; ours are never shared.
  return new Response(body as Uint8Array<ArrayBuffer>, {
    status: head.status,
    headers: headersDown(head.headers, own),
  });
}
