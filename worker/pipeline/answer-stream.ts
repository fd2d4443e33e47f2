/** A provider's event stream on its way to the client, with the ledger row at its end. */
import type { Answer, Exchange } from "../egress.ts";
import { joinBytes, Transcript } from "../stream/transcript.ts";
import { SseRelay } from "../stream/sse-relay.ts";
import type { StreamEnd } from "../stream/relay.ts";
import type { Attempt } from "./attempt.ts";
import type { Call } from "./call.ts";
import { collect } from "./collect.ts";
import { headersDown, headerValue } from "./headers.ts";
import { isCredentialRefusal, refusalOf } from "./provider-errors.ts";
import { attemptHeaders } from "./respond.ts";
import { isKnown } from "./settle.ts";
import { upstreamFailure } from "./upstream-failure.ts";

const STREAM_HEADERS: readonly (readonly [string, string])[] = [
  ["content-type", "text/event-stream; charset=utf-8"],
  ["cache-control", "no-cache"],
];

/** Types that say nothing: some servers label their streams so. */
const NO_TYPE = /^(?:text\/plain|application\/octet-stream)\b/i;

/** By what the provider says it is; where that says nothing, by what the caller asked for. */
export function isEventStream(head: Answer, isStreamAsked: boolean): boolean {
  const type = headerValue(head.headers, "content-type");
  if (type === null || NO_TYPE.test(type)) return isStreamAsked;
  return type.toLowerCase().startsWith("text/event-stream");
}

export function answerStream(
  call: Call,
  attempt: Attempt,
  exchange: Exchange,
  head: Answer,
): Response {
  const relay = openRelay(call, attempt, exchange, () => head.status);
  relay.attach(head.body);
  return new Response(relay.readable, {
    status: head.status,
    headers: headersDown(head.headers, attemptHeaders(attempt, call.deps.clock.monotonic())),
  });
}

/** The head has not come in time: the 200 is given now, and whatever fails later is told inside the stream. */
export function openEarly(call: Call, attempt: Attempt, exchange: Exchange): Response {
  let upstreamStatus: number | null = null;
  const relay = openRelay(call, attempt, exchange, () => upstreamStatus);
  void exchange.answer.then(
    (head) => {
      upstreamStatus = head.status;
      if (head.status >= 200 && head.status < 300) relay.attach(head.body);
      else void refuseLate(call, relay, head);
    },
    (thrown: unknown) => {
      const { error, outcome } = upstreamFailure(thrown, call.flight.isAborted);
      const event = call.errors.event(error, attempt.accepted.requestId);
      if (outcome === "timeout") relay.refuse({ outcome, code: error.code }, event);
      else if (outcome === "upstream_error") relay.refuse({ outcome }, event);
    },
  );
  return new Response(relay.readable, {
    headers: [...STREAM_HEADERS, ...attemptHeaders(attempt, call.deps.clock.monotonic())].map(
      ([name, value]): [string, string] => [name, value],
    ),
  });
}

/** The provider refused after the 200 was given: its own words as an error event, or ours. */
async function refuseLate(call: Call, relay: SseRelay, head: Answer): Promise<void> {
  const { deps, totalDeadline } = call;
  const collected = await collect(head.body, {
    now: () => deps.clock.monotonic(),
    idleMs: deps.limits.idleMs,
    totalDeadline,
    onFirstByte: () => undefined,
  });
  const { requestId } = call.attempt.accepted;
  const body = new TextDecoder().decode(joinBytes(collected.chunks));
  const error = refusalOf(head.status, call.caller);
  const event = isCredentialRefusal(head.status, call.caller)
    ? call.errors.event(error, requestId)
    : (call.errors.eventFromBody(body) ?? call.errors.event(error, requestId));
  relay.refuse({ outcome: "upstream_error" }, event);
}

function openRelay(
  call: Call,
  attempt: Attempt,
  exchange: Exchange,
  upstreamStatus: () => number | null,
): SseRelay {
  const { deps, wire } = call;
  const now = () => deps.clock.monotonic();
  const reader = wire.openStream(call.stream);
  let firstByteAt: number | null = null;
  const { recording } = call;
  recording?.output("event-stream");
  let isCut = true;
  const transcript = new Transcript(() => {
    firstByteAt = now();
  });

  const settle = async (end: StreamEnd): Promise<void> => {
    const status = upstreamStatus();
    const ending = {
      outcome: end.outcome,
      status: end.outcome === "aborted" ? 499 : 200,
      upstreamStatus: status,
      facts: status === null || status < 300 ? reader.facts() : null,
      estimate:
        status === null || status < 300 ? call.estimate(() => transcript.streamedText(wire)) : null,
      firstByteAt,
    };
    try {
      const settled = isKnown(ending)
        ? deps.settler.settle(attempt, ending)
        : await deps.settler.settleEstimated(attempt, ending);
      await settled.committed;
      isCut = end.outcome !== "ok";
    } finally {
      call.flight.done();
    }
  };

  const relay = new SseRelay({
    requestId: attempt.accepted.requestId,
    now,
    keepAliveMs: deps.limits.keepAliveMs,
    silentSince: attempt.begunAt,
    idleMs: deps.limits.idleMs,
    totalDeadline: call.totalDeadline,
    settle,
    cancelUpstream: () => exchange.cancel(),
    observer:
      recording === null
        ? null
        : { wrote: (bytes) => recording.write(bytes), ended: () => recording.end(isCut) },
    reader,
    errors: call.errors,
    transcript,
  });
  call.flight.handOver(() => relay.abort());
  return relay;
}
