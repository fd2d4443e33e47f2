/**
 * The path of one request, in order. Read this first:
 *
 *   authenticate → identify → read and check the body → choose the target → admit → edit → send → answer and settle
 *
 * Everything that is refused on the way leaves as an error in the caller's dialect, and, once the caller is known, as one
 * `refused` row.
 */
import { splice, type Edit } from "../body/fields.ts";
import { parseJsonBody, type JsonBody } from "../body/parse.ts";
import { mediaOf, type Recording } from "../content/recording.ts";
import { subjectName } from "../content/subject-name.ts";
import { isIdentity, NO_USAGE, type Endpoint } from "../chat.ts";
import type { Deps } from "../deps.ts";
import { errorWireOf, WIRES } from "../dialects/index.ts";
import type { Wire } from "../dialects/wire.ts";
import { choiceCount } from "../dialects/openai-completions.ts";
import { stringAt } from "../dialects/read.ts";
import { checkRequest } from "../dialects/request.ts";
import { GatewayError } from "../errors.ts";
import { requestIdOf } from "../ids.ts";
import { admit } from "../limits/admission.ts";
import type { Estimate } from "../limits/caps.ts";
import { namedInputTokens } from "../limits/named-input.ts";
import { roughTokens } from "../pricing/estimate.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import { callerSpan } from "../traces/caller-span.ts";
import type { Accepted, Attempt } from "./attempt.ts";
import { authenticate, identify, keyIdentity, type Caller } from "./authenticate.ts";
import { estimates, type Call } from "./call.ts";
import { asksForUsage, modelEdit, usageEdits } from "./edits.ts";
import { Flight } from "./flight.ts";
import { headersUp } from "./headers.ts";
import { sessionFromBody } from "./metadata.ts";
import { readBody } from "./read-body.ts";
import { checkAllowed, queryOf } from "./request.ts";
import { errorAnswer, toGatewayError } from "./respond.ts";
import { checkFileIds, checkResponseFields } from "./response-ids.ts";
import { begin, send } from "./send.ts";
import { chooseTarget, type Target } from "./target.ts";

/** What is known of a request so far: enough for the row of a refusal. */
interface Progress {
  accepted: Accepted | null;
  recording: Recording | null;
  modelRequested: string | null;
  stream: boolean;
}

/** Answers one generation request. Never rejects. */
export async function run(deps: Deps, endpoint: Endpoint, request: Request): Promise<Response> {
  const traceId = deps.ids.traceId();
  const flight = new Flight(deps.live, request);
  const response = await answer(deps, endpoint, request, traceId, flight);
  flight.returned();
  deps.counters.add("anyray_requests_total", `endpoint="${endpoint}",status="${response.status}"`);
  return response;
}

async function answer(
  deps: Deps,
  endpoint: Endpoint,
  request: Request,
  traceId: string,
  flight: Flight,
): Promise<Response> {
  const startedAt = deps.clock.monotonic();
  const progress: Progress = {
    accepted: null,
    recording: null,
    modelRequested: null,
    stream: false,
  };
  let prepared: Prepared;
  try {
    if (deps.live.isDraining) throw new GatewayError("draining");
    const authenticated = authenticate(deps, request.headers);
    const caller = authenticated instanceof Promise ? await authenticated : authenticated;
    const accepted: Accepted<Wire> = {
      traceId,
      requestId: requestIdOf(traceId),
      timeMs: deps.clock.now(),
      startedAt,
      wire: WIRES[endpoint],
      key: caller.key,
      credential: caller.credential,
      identity: keyIdentity(caller.key),
      contentMode: () => "off",
      callerSpan: callerSpan(request.headers.get("traceparent"), deps.trustCallers),
    };
    progress.accepted = accepted;
    prepared = await prepare(deps, request, caller, flight, accepted, progress);
  } catch (thrown) {
    return refuse(deps, endpoint, toGatewayError(deps, thrown, traceId), traceId, progress);
  }
  try {
    return await send(prepared.call, prepared.request, prepared.attempt);
  } catch (thrown) {
    progress.recording?.end(true);
    return errorAnswer(toGatewayError(deps, thrown, traceId), prepared.call.errors, traceId);
  }
}

interface Prepared {
  readonly call: Call;
  readonly request: ProviderRequest;
  /** In the journal already. */
  readonly attempt: Attempt;
}

/** Everything up to the sending; the journal's entry is the last of it. @throws GatewayError for what is refused */
async function prepare(
  deps: Deps,
  request: Request,
  caller: Caller,
  flight: Flight,
  bare: Accepted<Wire>,
  progress: Progress,
): Promise<Prepared> {
  const { wire } = bare;
  const identified = identify(deps, caller, request.headers);
  const identity = identified instanceof Promise ? await identified : identified;
  const recording = deps.content.open(bare.traceId, bare.timeMs);
  progress.recording = recording;
  progress.accepted = { ...bare, identity };
  recording?.attribute(subjectName({ key: caller.key, ...identity }), caller.key.id);

  const bytes = await readBody(request, deps.limits.maxBodyBytes);
  recording?.input(bytes, mediaOf(request.headers.get("content-type")));
  // Of a body that was not read there is nothing to keep.
  const known: Accepted<Wire> = {
    ...bare,
    identity,
    contentMode: () => recording?.mode ?? "off",
  };
  progress.accepted = known;
  const body = parseJsonBody(bytes);
  const stream = body.json["stream"] === true;
  const session = identity.session ?? sessionFromBody(body.json);
  const accepted: Accepted<Wire> = { ...known, identity: { ...identity, session } };
  progress.stream = stream;
  progress.accepted = accepted;

  checkRequest(wire.request, body.json);
  const modelAsked = String(body.json["model"]);
  const target = chooseTarget(deps.routing, wire.endpoint, modelAsked);
  // A provider without a list takes any text for a model's name; what is no plain name is not stored.
  const modelRequested = isIdentity(modelAsked) ? modelAsked : "other";
  progress.modelRequested = modelRequested;
  checkAllowed(caller, target, wire.endpoint);
  if (wire.endpoint === "responses") await checkResponseFields(deps, caller, target, body.json);
  if (target.provider.endpoints.has("files")) await checkFileIds(deps, caller, target, body);

  const hideUsage =
    stream &&
    isUsageChunkDialect(wire.endpoint) &&
    target.provider.streamUsage &&
    !asksForUsage(body);
  const requestBytes = body.bytes;
  const admitted = admit(deps.quotas, {
    payer: { keyId: caller.key.id, user: identity.user, team: identity.team },
    family: wire.family,
    timeMs: bare.timeMs,
    traceId: bare.traceId,
    estimate: () => largestCost(deps, accepted, target, body),
  });
  const admission = admitted instanceof Promise ? await admitted : admitted;
  const call: Call = {
    deps,
    flight,
    caller,
    wire,
    errors: errorWireOf(wire),
    attempt: {
      accepted,
      target,
      modelRequested,
      stream,
      requestBytes,
      admission,
      roughInputTokens: roughTokens(requestBytes.length),
    },
    stream: { hideUsage, choices: choiceCount(body.json) },
    recording,
    totalDeadline: deps.limits.totalMs === 0 ? Infinity : accepted.startedAt + deps.limits.totalMs,
    estimate: estimates(deps, requestBytes),
  };
  try {
    return { call, request: providerRequest(request, call, body), attempt: begin(call, 1) };
  } catch (error) {
    admission?.release();
    throw error;
  }
}

/** Where the caller sets no limit to the answer. */
const USUAL_OUTPUT_TOKENS = 4_096;

/** What a request may cost at most, by its size and by what it asks for: to be reserved. */
function largestCost(
  deps: Deps,
  { wire, timeMs }: Accepted<Wire>,
  { provider, model }: Target,
  body: JsonBody,
): Estimate {
  const inputTokens = roughTokens(body.bytes.length) + namedInputTokens(body.json);
  const most = deps.pricing.contextWindow({ provider, timeMs }, model) ?? Infinity;
  const outputTokens = wire.maxOutputTokens(body.json, { usual: USUAL_OUTPUT_TOKENS, most });
  const usage = { ...NO_USAGE, inputTokens, outputTokens };
  const costAt = (serviceTier: string | null) =>
    deps.pricing.cost({ provider, models: [model], usage, serviceTier, timeMs })?.costPicoUsd ??
    null;
  const atList = costAt(null);
  // A cheaper tier that is asked for need not be the one that is served.
  const atTier = costAt(stringAt(body.json, "service_tier")) ?? 0n;
  return {
    picoUsd: atList !== null && atTier > atList ? atTier : atList,
    tokens: BigInt(Math.ceil(inputTokens + outputTokens)),
  };
}

/** Usage comes in a chunk of its own only where it is asked for. */
function isUsageChunkDialect(endpoint: Endpoint): boolean {
  return endpoint === "chat" || endpoint === "completions";
}

/** Below a provider's base URL. */
const PROVIDER_PATHS: Readonly<Record<Endpoint, string>> = {
  chat: "/chat/completions",
  completions: "/completions",
  responses: "/responses",
  embeddings: "/embeddings",
  messages: "/messages",
  count_tokens: "/messages/count_tokens",
};

function providerRequest(request: Request, call: Call, body: JsonBody): ProviderRequest {
  const edits: Edit[] = call.stream.hideUsage ? usageEdits(body) : [];
  const model = modelEdit(body, call.attempt.target.model);
  if (model !== null) edits.push(model);
  edits.sort((a, b) => a.start - b.start);
  return {
    endpoint: call.wire.endpoint,
    method: "POST",
    path: PROVIDER_PATHS[call.wire.endpoint],
    query: queryOf(request.url),
    headers: headersUp(request.headers, call.caller),
    body: splice(body.bytes, edits),
    callerCredential: call.caller.ownCredential,
  };
}

/** The refusal in the caller's dialect and, if the caller is known, its row. */
async function refuse(
  deps: Deps,
  endpoint: Endpoint,
  error: GatewayError,
  traceId: string,
  progress: Progress,
): Promise<Response> {
  const { accepted, recording, ...request } = progress;
  recording?.end(true);
  deps.counters.add("anyray_refused_total", `code="${error.code}"`);
  if (accepted !== null && endpoint !== "count_tokens") {
    // A row that can't be committed now is tried again; the refusal is none the later for it.
    await deps.settler.refuse(accepted, request, error.status).catch(() => undefined);
  }
  return errorAnswer(error, errorWireOf(WIRES[endpoint]), traceId);
}
