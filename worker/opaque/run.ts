/**
 * The path of one request that passes unread, in order:
 *
 *   authenticate → identify → open the body → choose the provider → whose object → admit → send → relay and settle
 *
 * The same rules as in `pipeline/run.ts`, but nothing is counted: its one row is `unpriced`.
 */
import { isIdentity, type OpaqueEndpoint } from "../chat.ts";
import { subjectName } from "../content/subject-name.ts";
import type { Recording } from "../content/recording.ts";
import type { Deps } from "../deps.ts";
import { errorWires } from "../dialects/errors.ts";
import { GatewayError } from "../errors.ts";
import { requestIdOf } from "../ids.ts";
import { admit, Admission } from "../limits/admission.ts";
import { openAttempt, type Accepted, type Attempt, type WireName } from "../pipeline/attempt.ts";
import { authenticate, identify, keyIdentity, type Caller } from "../pipeline/authenticate.ts";
import { Flight } from "../pipeline/flight.ts";
import { headersUp } from "../pipeline/headers.ts";
import { queryOf } from "../pipeline/request.ts";
import { errorAnswer, toGatewayError } from "../pipeline/respond.ts";
import { checkFileIds } from "../pipeline/response-ids.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import { callerSpan } from "../traces/caller-span.ts";
import { answerOpaque } from "./answer.ts";
import { jsonPieces, openBody, watchUpload, type OpaqueBody } from "./body.ts";
import type { OpaqueCall } from "./call.ts";
import { checkListing, ownerOf } from "./objects.ts";
import type { Operation } from "./operations.ts";
import { checkOpaqueAllowed, chooseOpaqueTarget, PROVIDER_HEADER, type Asked } from "./target.ts";

/** What is known so far: enough for the row of a refusal. */
interface Progress {
  accepted: Accepted | null;
  recording: Recording | null;
  modelRequested: string | null;
  stream: boolean;
}

/** @param objectId of an address that holds one. Never rejects. */
export async function passUnread(
  deps: Deps,
  operation: Operation,
  request: Request,
  objectId: string | null,
): Promise<Response> {
  const traceId = deps.ids.traceId();
  const flight = new Flight(deps.live, request);
  const response = await answer(deps, { operation, request, objectId, traceId, flight });
  flight.returned();
  const labels = `endpoint="${operation.endpoint}",status="${response.status}"`;
  deps.counters.add("anyray_requests_total", labels);
  return response;
}

interface Asking {
  readonly operation: Operation;
  readonly request: Request;
  readonly objectId: string | null;
  readonly traceId: string;
  readonly flight: Flight;
}

async function answer(deps: Deps, asking: Asking): Promise<Response> {
  const { operation, traceId, request } = asking;
  const startedAt = deps.clock.monotonic();
  const progress: Progress = {
    accepted: null,
    recording: null,
    modelRequested: null,
    stream: false,
  };
  let prepared: { readonly call: OpaqueCall; readonly request: ProviderRequest };
  try {
    if (deps.live.isDraining) throw new GatewayError("draining");
    const caller = await authenticate(deps, request.headers);
    const accepted: Accepted = {
      traceId,
      requestId: requestIdOf(traceId),
      timeMs: deps.clock.now(),
      startedAt,
      wire: wireOf(operation.endpoint),
      key: caller.key,
      credential: caller.credential,
      identity: keyIdentity(caller.key),
      contentMode: () => "off",
      callerSpan: callerSpan(request.headers.get("traceparent"), deps.trustCallers),
    };
    progress.accepted = accepted;
    prepared = await prepare(deps, asking, caller, accepted, progress);
  } catch (thrown) {
    return refuse(deps, toGatewayError(deps, thrown, traceId), traceId, progress);
  }
  try {
    return await answerOpaque(prepared.call, prepared.request);
  } catch (thrown) {
    progress.recording?.end(true);
    return errorAnswer(toGatewayError(deps, thrown, traceId), errorWires.openai, traceId);
  }
}

function wireOf(endpoint: OpaqueEndpoint): WireName {
  return { endpoint, dialect: "opaque", family: "openai" };
}

/** Everything up to the sending; the journal's entry is the last of it. @throws GatewayError for what is refused */
async function prepare(
  deps: Deps,
  { operation, request, objectId, flight }: Asking,
  caller: Caller,
  bare: Accepted,
  progress: Progress,
) {
  const identity = await identify(deps, caller, request.headers);
  const recording = deps.content.open(bare.traceId, bare.timeMs);
  progress.recording = recording;
  recording?.attribute(subjectName({ key: caller.key, ...identity }), caller.key.id);
  const opened: Accepted = { ...bare, identity };
  progress.accepted = opened;

  checkListing(operation, caller);
  const { maxBodyBytes, totalMs } = deps.limits;
  const body = await openBody(operation, request, maxBodyBytes, recording);
  // What is uploaded is not recorded; an answer that is, is found out later.
  const contentMode: Accepted["contentMode"] = () =>
    body.kind === "json" ? (recording?.mode ?? "off") : "off";
  const accepted: Accepted = { ...opened, contentMode };
  progress.accepted = accepted;
  const asked = await whatIsAsked(deps, operation, { body, objectId, request, caller });
  const target = chooseOpaqueTarget(deps.routing, caller, asked);
  checkOpaqueAllowed(caller, target, asked);
  progress.stream = body.kind === "json" && body.body.json["stream"] === true;
  progress.modelRequested = toName(asked.model);
  if (body.kind === "json") await checkFileIds(deps, caller, target, body.body);

  const admission = await admitOpaque(deps, operation, accepted);
  const begunAt = deps.clock.monotonic();
  deps.histograms.observe(
    "anyray_overhead_seconds",
    'stage="admit"',
    (begunAt - accepted.startedAt) / 1_000,
  );
  const attempt: Omit<Attempt, "slot"> = {
    accepted,
    number: 1,
    begunAt,
    target,
    modelRequested: progress.modelRequested,
    stream: progress.stream,
    requestBytes: new Uint8Array(),
    admission,
    roughInputTokens: 0,
  };
  let slot: number;
  try {
    slot = deps.store.journal.open(openAttempt(attempt));
  } catch {
    admission?.release();
    throw new GatewayError("store_unavailable");
  }
  const call: OpaqueCall = {
    deps,
    operation,
    flight,
    caller,
    attempt: { ...attempt, slot },
    recording,
    totalDeadline: totalMs === 0 ? Infinity : accepted.startedAt + totalMs,
    upload: { broken: null },
  };
  return { call, request: providerRequest(call, request, body, objectId) };
}

/** A provider without a list takes any text for a model's name; what is no plain name is not stored. */
function toName(model: string | null): string | null {
  return model === null || isIdentity(model) ? model : "other";
}

/** The provider is the object's, where there is one. @throws GatewayError `not_found` */
async function whatIsAsked(
  deps: Deps,
  { endpoint }: Operation,
  facts: {
    readonly body: OpaqueBody;
    readonly objectId: string | null;
    readonly request: Request;
    readonly caller: Caller;
  },
): Promise<Asked> {
  const { body, caller, objectId, request } = facts;
  const model = body.kind === "json" ? body.model : null;
  const said = request.headers.get(PROVIDER_HEADER);
  const input = body.kind === "json" ? body.body.json["input_file_id"] : undefined;
  const [id, field] = typeof input === "string" ? [input, "input_file_id"] : [objectId, "id"];
  const owner = id === null ? null : await ownerOf(deps, caller, id, field);
  if (owner !== null && said !== null && said !== owner) {
    throw new GatewayError("invalid_request", {
      field: PROVIDER_HEADER,
      hint: "It is another provider's.",
    });
  }
  return { endpoint, model, provider: owner ?? said };
}

/**
 * Reading, deleting and cancelling cost nothing, so no cap concerns them; they are requests all the same.
 * @throws GatewayError `rate_limited`, `cap_exceeded`, `model_not_allowed`
 */
async function admitOpaque(
  deps: Deps,
  { reach }: Operation,
  { identity, key, timeMs, traceId, wire }: Accepted,
): Promise<Admission | null> {
  const payer = { keyId: key.id, user: identity.user, team: identity.team };
  if (reach !== "new") {
    const hold = deps.quotas.rates.admit(payer, wire.family);
    return hold === null ? null : new Admission(null, hold);
  }
  try {
    const estimate = () => ({ picoUsd: null, tokens: 0n });
    return await admit(deps.quotas, { payer, family: wire.family, timeMs, traceId, estimate });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== "model_not_allowed") throw error;
    throw new GatewayError("model_not_allowed", {
      hint: "What passes unread has no price, and a cap in dollars applies. The operator can set ANYRAY_UNPRICED=allow.",
    });
  }
}

function providerRequest(
  { attempt, caller, deps, operation, upload }: OpaqueCall,
  request: Request,
  body: OpaqueBody,
  objectId: string | null,
): ProviderRequest {
  const watched = (body: Extract<OpaqueBody, { kind: "upload" }>) =>
    watchUpload(body.upload, deps.limits.maxBodyBytes, (why) => {
      upload.broken = why;
    });
  const path = operation.path.replace(":id", encodeURIComponent(objectId ?? ""));
  return {
    endpoint: operation.endpoint,
    method: operation.method,
    path,
    query: queryOf(request.url),
    headers: headersUp(request.headers, caller),
    body: body.kind === "json" ? jsonPieces(body.body, attempt.target.model) : [],
    ...(body.kind === "upload" ? { upload: watched(body) } : {}),
    isOnce: true,
    callerCredential: caller.ownCredential,
  };
}

/** The refusal and, if the caller is known, its row. */
async function refuse(
  deps: Deps,
  error: GatewayError,
  traceId: string,
  { accepted, recording, ...request }: Progress,
): Promise<Response> {
  recording?.end(true);
  deps.counters.add("anyray_refused_total", `code="${error.code}"`);
  if (accepted !== null) {
    // A row that can't be committed now is tried again; the refusal is none the later for it.
    await deps.settler.refuse(accepted, request, error.status).catch(() => undefined);
  }
  return errorAnswer(error, errorWires.openai, traceId);
}
