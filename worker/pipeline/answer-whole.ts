/**
 * An answer that is no event stream: collected, accounted for, and only then given to the client; with its cost in a
 * header. One that turns out large is relayed as it comes, without that header.
 */
import { mediaOf } from "../content/recording.ts";
import type { AnswerFacts } from "../dialects/wire.ts";
import { parseJsonObject } from "../dialects/read.ts";
import type { Answer, Exchange, HeaderList } from "../egress.ts";
import { GatewayError } from "../errors.ts";
import { formatPicoUsd } from "../money.ts";
import { BodyRelay } from "../stream/body-relay.ts";
import { joinBytes, Transcript } from "../stream/transcript.ts";
import type { Attempt } from "./attempt.ts";
import type { Call } from "./call.ts";
import { collect, type Collected } from "./collect.ts";
import { headersDown, headerValue } from "./headers.ts";
import { LARGE_ANSWER_BYTES, readLargeAnswer } from "./large-answer.ts";
import { isHandedOn, refusalOf } from "./provider-errors.ts";
import { attemptHeaders } from "./respond.ts";
import type { Ending } from "./settle.ts";

const utf8 = new TextDecoder();

/** @throws GatewayError for an answer that can't be handed on; its row is written by then */
export async function answerWhole(
  call: Call,
  attempt: Attempt,
  exchange: Exchange,
  head: Answer,
): Promise<Response> {
  const { deps } = call;
  let firstByteAt: number | null = null;
  const collected = await collect(head.body, {
    now: () => deps.clock.monotonic(),
    idleMs: deps.limits.idleMs,
    totalDeadline: call.totalDeadline,
    onFirstByte: () => {
      firstByteAt = deps.clock.monotonic();
    },
  });
  if (collected.kind === "large" && isRelayed(call, head)) {
    return relayLarge(call, attempt, exchange, head, collected, firstByteAt);
  }
  exchange.cancel();
  const whole = wholeAnswer(call, head, collected);
  const settled = await deps.settler.settleEstimated(attempt, {
    ...whole.ending,
    upstreamStatus: head.status,
    firstByteAt,
  });
  if (whole.error !== null) {
    await settled.committed.catch(() => undefined);
    throw whole.error;
  }
  try {
    await settled.committed;
  } catch {
    throw new GatewayError("store_unavailable");
  }
  const own = attemptHeaders(attempt, call.deps.clock.monotonic());
  if (head.status >= 400) own.push(["x-anyray-error-source", "upstream"]);
  const cost = settled.row.costPicoUsd;
  if (cost !== null) own.push(["x-anyray-cost-usd", formatPicoUsd(cost)]);
  const { recording } = call;
  recording?.output(mediaOf(headerValue(head.headers, "content-type")));
  recording?.write(whole.body);
  recording?.end(false);
  return answerWith(whole.body, head, own);
}

/** Whether the client gets the provider's own body. */
function isRelayed(call: Call, head: Answer): boolean {
  return (head.status >= 200 && head.status < 300) || isHandedOn(head.status, call.caller);
}

interface WholeAnswer {
  readonly ending: Pick<Ending, "outcome" | "status" | "facts" | "estimate">;
  readonly body: Uint8Array;
  /** What the client gets instead of the body. */
  readonly error: GatewayError | null;
}

function wholeAnswer(call: Call, head: Answer, collected: Collected): WholeAnswer {
  const body = joinBytes(collected.chunks);
  const isSuccess = head.status >= 200 && head.status < 300;
  const transcript = new Transcript();
  transcript.add(body);
  const estimate = isSuccess ? call.estimate(() => transcript.wholeText(call.wire)) : null;
  const failed = (outcome: Ending["outcome"], error: GatewayError): WholeAnswer => ({
    ending: { outcome, status: outcome === "aborted" ? 499 : error.status, facts: null, estimate },
    body,
    error,
  });

  if (collected.kind === "timeout") return failed("timeout", new GatewayError(collected.code));
  if (collected.kind === "cut") {
    const outcome = call.flight.isAborted ? "aborted" : "cut";
    return failed(outcome, new GatewayError("upstream_unreachable"));
  }
  if (!isSuccess) {
    const error = isHandedOn(head.status, call.caller) ? null : refusalOf(head.status, call.caller);
    const status = error?.status ?? head.status;
    return {
      ending: { outcome: "upstream_error", status, facts: null, estimate: null },
      body,
      error,
    };
  }
  const facts = readFacts(call, body);
  if (facts === null) return failed("upstream_error", new GatewayError("upstream_malformed"));
  const outcome = facts.isError ? "upstream_error" : "ok";
  return { ending: { outcome, status: head.status, facts, estimate }, body, error: null };
}

function readFacts(call: Call, body: Uint8Array): AnswerFacts | null {
  if (body.length > LARGE_ANSWER_BYTES) return readLargeAnswer(call.wire, body, body);
  const json = parseJsonObject(utf8.decode(body));
  return json === null ? null : call.wire.readAnswer(json);
}

function answerWith(
  body: Uint8Array | ReadableStream<Uint8Array>,
  head: Answer,
  own: HeaderList,
): Response {
  // The DOM's types know no view of a shared buffer as a body; ours are never shared.
  return new Response(body as Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>, {
    status: head.status,
    headers: headersDown(head.headers, own),
  });
}

function relayLarge(
  call: Call,
  attempt: Attempt,
  exchange: Exchange,
  head: Answer,
  collected: Extract<Collected, { kind: "large" }>,
  firstByteAt: number | null,
): Response {
  const { deps } = call;
  const beginning = joinBytes(collected.chunks);
  let ending = beginning;
  const { recording } = call;
  recording?.output(mediaOf(headerValue(head.headers, "content-type")));
  let isWholeSent = false;
  const relay = new BodyRelay({
    body: head.body,
    holdsBack: true,
    received: [beginning],
    now: () => deps.clock.monotonic(),
    idleMs: deps.limits.idleMs,
    totalDeadline: call.totalDeadline,
    cancelUpstream: () => exchange.cancel(),
    observe: (chunk) => {
      ending = lastBytes(ending, chunk);
    },
    observer:
      recording === null
        ? null
        : {
            wrote: (bytes) => recording.write(bytes),
            ended: () => recording.end(!isWholeSent),
          },
    settle: async (end) => {
      isWholeSent = end.outcome === "ok";
      const isWhole = end.outcome === "ok" && head.status < 300;
      const transcript = new Transcript();
      transcript.add(beginning);
      try {
        const settled = await deps.settler.settleEstimated(attempt, {
          outcome: end.outcome === "ok" && head.status >= 400 ? "upstream_error" : end.outcome,
          status: end.outcome === "aborted" ? 499 : head.status,
          upstreamStatus: head.status,
          facts: isWhole ? readLargeAnswer(call.wire, beginning, ending) : null,
          estimate: head.status < 300 ? call.estimate(() => transcript.wholeText(call.wire)) : null,
          firstByteAt,
        });
        await settled.committed;
      } finally {
        call.flight.done();
      }
    },
  });
  call.flight.handOver(() => relay.abort());
  collected.takeOver(relay);
  return answerWith(relay.readable, head, attemptHeaders(attempt, call.deps.clock.monotonic()));
}

/** Enough of the end to find the usage in. */
function lastBytes(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  return chunk.length >= 64 * 1024 ? chunk : joinBytes([before.subarray(-64 * 1024), chunk]);
}
