/**
 * The answering half: head, then the body as it comes, its end held back until the row is committed. Only an answer that names
 * objects of the key's is collected first, so that they are the key's own before it learns of them.
 */
import { mediaOf } from "../content/recording.ts";
import type { Answer, Exchange } from "../egress.ts";
import { GatewayError } from "../errors.ts";
import type { Accepted, Attempt } from "../pipeline/attempt.ts";
import { collect } from "../pipeline/collect.ts";
import { headersDown, headerValue } from "../pipeline/headers.ts";
import { isHandedOn, refusalOf } from "../pipeline/provider-errors.ts";
import { attemptHeaders } from "../pipeline/respond.ts";
import type { Ending } from "../pipeline/settle.ts";
import { timedOut, upstreamFailure, type UpstreamFailure } from "../pipeline/upstream-failure.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import { BodyRelay } from "../stream/body-relay.ts";
import { joinBytes } from "../stream/transcript.ts";
import { tooLarge } from "./body.ts";
import type { OpaqueCall } from "./call.ts";
import { issuedIds } from "./objects.ts";

/** HTTP allows these no body, and the runtimes refuse one. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** @throws GatewayError for everything that can't be handed on; its row is written by then */
export async function answerOpaque(call: OpaqueCall, request: ProviderRequest): Promise<Response> {
  const exchange = call.attempt.target.provider.send(request);
  call.flight.onAbort(() => exchange.cancel());
  const head = await waitForHead(call, exchange);
  if ("error" in head) return fail(call, head);
  const isSuccess = isGood(head);
  if (!isSuccess && !isHandedOn(head.status, call.caller)) {
    exchange.cancel();
    const error = refusalOf(head.status, call.caller);
    return fail(call, { error, outcome: "upstream_error" }, head.status);
  }
  if (NO_BODY.has(head.status) || (isSuccess && call.operation.issues.length > 0)) {
    return answerWhole(call, exchange, head);
  }
  return relay(call, exchange, head);
}

function isGood({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function waitForHead(call: OpaqueCall, exchange: Exchange): Promise<Answer | UpstreamFailure> {
  const head = exchange.answer.catch((thrown: unknown) =>
    upstreamFailure(thrown, call.flight.isAborted),
  );
  const limitMs = call.totalDeadline - call.deps.clock.monotonic();
  if (limitMs === Infinity) return head;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(timedOut("timeout_total"));
      exchange.cancel();
    }, limitMs);
    void head.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

/** There is no answer to hand on. @throws GatewayError unless the client has hung up */
async function fail(
  call: OpaqueCall,
  { error, outcome }: Pick<UpstreamFailure, "error" | "outcome">,
  upstreamStatus: number | null = null,
): Promise<Response> {
  const { broken } = call.upload;
  const isTooLarge = broken === "too_large";
  const isAborted = !isTooLarge && (outcome === "aborted" || broken === "gone");
  const thrown = isTooLarge ? tooLarge(call.deps.limits.maxBodyBytes) : error;
  // A row that can't be committed now is tried again by the settler; the failure stays what it is.
  await settle(call, {
    outcome: isTooLarge ? "refused" : isAborted ? "aborted" : outcome,
    status: isAborted ? 499 : thrown.status,
    upstreamStatus,
    firstByteAt: null,
  }).catch(() => undefined);
  if (!isAborted) throw thrown;
  call.recording?.end(true);
  return new Response(null, { status: 499 });
}

/** Collected: small, and of JSON, or empty. */
async function answerWhole(call: OpaqueCall, exchange: Exchange, head: Answer): Promise<Response> {
  const { attempt, caller, deps, operation, recording } = call;
  const now = () => deps.clock.monotonic();
  let firstByteAt: number | null = null;
  const collected = await collect(head.body, {
    now,
    idleMs: deps.limits.idleMs,
    totalDeadline: call.totalDeadline,
    onFirstByte: () => {
      firstByteAt = now();
    },
  });
  exchange.cancel();
  if (collected.kind !== "whole") {
    const isTimeout = collected.kind === "timeout";
    const cut = call.flight.isAborted ? "aborted" : "cut";
    const error = new GatewayError(
      isTimeout
        ? collected.code
        : collected.kind === "large"
          ? "upstream_malformed"
          : "upstream_unreachable",
    );
    await settle(call, {
      outcome: isTimeout ? "timeout" : cut,
      status: cut === "aborted" ? 499 : error.status,
      upstreamStatus: head.status,
      firstByteAt,
    }).catch(() => undefined);
    throw error;
  }
  const body = joinBytes(collected.chunks);
  // With the caller's own credential the provider tells whose an object is.
  const ids = caller.credential === "managed" ? issuedIds(body, operation.issues) : [];
  const { key, timeMs } = attempt.accepted;
  const provider = attempt.target.provider.name;
  const { status } = head;
  const outcome = isGood(head) ? "ok" : "upstream_error";
  // Whichever fails, the other is done: there is a row in any case, and the client learns of no id that is not its own.
  const kept = await Promise.allSettled([
    deps.store.ledger.issue({ ids, keyId: key.id, provider, timeMs }),
    settle(call, { outcome, status, upstreamStatus: status, firstByteAt }, isRecorded(head)),
  ]);
  if (kept.some((each) => each.status === "rejected")) throw new GatewayError("store_unavailable");
  record(call, head)?.write(body);
  recording?.end(false);
  const text = NO_BODY.has(head.status) ? null : body;
  // The DOM's types know no view of a shared buffer as a body; ours are never shared.
  return new Response(text as Uint8Array<ArrayBuffer> | null, {
    status: head.status,
    headers: answerHeaders(call, head),
  });
}

function relay(call: OpaqueCall, exchange: Exchange, head: Answer): Response {
  const { deps } = call;
  const now = () => deps.clock.monotonic();
  const recording = record(call, head);
  let firstByteAt: number | null = null;
  let isWholeSent = false;
  const relayed = new BodyRelay({
    body: head.body,
    received: [],
    holdsBack: mediaOf(headerValue(head.headers, "content-type")) !== "event-stream",
    now,
    idleMs: deps.limits.idleMs,
    totalDeadline: call.totalDeadline,
    cancelUpstream: () => exchange.cancel(),
    observe: () => {
      firstByteAt ??= now();
    },
    observer: {
      wrote: (bytes) => recording?.write(bytes),
      ended: () => call.recording?.end(!isWholeSent),
    },
    settle: async ({ outcome }) => {
      isWholeSent = outcome === "ok";
      try {
        await settle(
          call,
          {
            outcome: outcome === "ok" && !isGood(head) ? "upstream_error" : outcome,
            status: outcome === "aborted" ? 499 : head.status,
            upstreamStatus: head.status,
            firstByteAt,
          },
          recording !== null,
        );
      } finally {
        call.flight.done();
      }
    },
  });
  call.flight.handOver(() => relayed.abort());
  head.body.start(relayed);
  return new Response(relayed.readable, {
    status: head.status,
    headers: answerHeaders(call, head),
  });
}

function answerHeaders(call: OpaqueCall, head: Answer): [string, string][] {
  const own = attemptHeaders(call.attempt, call.deps.clock.monotonic());
  if (!isGood(head)) own.push(["x-anyray-error-source", "upstream"]);
  return headersDown(head.headers, own);
}

/** Text that says what it is: JSON and events. Pictures, sound and files are not recorded. */
function isRecorded({ headers }: Answer): boolean {
  return mediaOf(headerValue(headers, "content-type")) !== "other";
}

/** Null: this answer is not recorded. */
function record({ recording }: OpaqueCall, head: Answer): OpaqueCall["recording"] {
  if (recording === null || !isRecorded(head)) return null;
  recording.output(mediaOf(headerValue(head.headers, "content-type")));
  return recording;
}

/** Resolves when the row is committed. @param hasOutput content is kept of the answer, perhaps of it alone */
async function settle(
  { attempt, deps, recording }: OpaqueCall,
  ending: Omit<Ending, "facts" | "estimate">,
  hasOutput = false,
): Promise<void> {
  const { accepted } = attempt;
  const contentMode: Accepted["contentMode"] = hasOutput
    ? () => recording?.mode ?? "off"
    : accepted.contentMode;
  const ended: Attempt = { ...attempt, accepted: { ...accepted, contentMode } };
  await deps.settler.settle(ended, { ...ending, facts: null, estimate: null }).committed;
}
