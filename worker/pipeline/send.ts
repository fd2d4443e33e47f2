/**
 * One request to its provider: journal, send, wait for the head, then hand the body to the kind of relay it needs.
 * An attempt that died on a kept-alive connection before one byte of answer is made once more; nothing else is repeated.
 */
import type { Answer, Exchange } from "../egress.ts";
import { GatewayError } from "../errors.ts";
import type { ProviderRequest } from "../providers/provider.ts";
import { openAttempt, type Attempt } from "./attempt.ts";
import { answerWhole } from "./answer-whole.ts";
import { answerStream, isEventStream, openEarly } from "./answer-stream.ts";
import type { Call } from "./call.ts";
import { timedOut, upstreamFailure, type UpstreamFailure } from "./upstream-failure.ts";

const MAX_ATTEMPTS = 2;

/**
 * @param first from `begin`
 * @throws GatewayError for everything that fails before the first byte; its row is written by then
 */
export async function send(
  call: Call,
  request: ProviderRequest,
  first: Attempt,
): Promise<Response> {
  for (let attempt = first; ; attempt = begin(call, attempt.number + 1)) {
    const exchange = call.attempt.target.provider.send(request);
    call.flight.onAbort(() => exchange.cancel());
    const head = await waitForHead(call, exchange);
    if (head === "late") return openEarly(call, attempt, exchange);
    if (!("error" in head)) return answer(call, attempt, exchange, head);
    const isFollowed = head.isRetryable && attempt.number < MAX_ATTEMPTS;
    await settleFailed(call, attempt, head, isFollowed);
    if (head.outcome === "aborted") {
      call.recording?.end(true);
      return new Response(null, { status: 499 });
    }
    if (!isFollowed) throw head.error;
  }
}

/**
 * Writes the attempt into the journal: without that nothing is sent.
 * @throws GatewayError `store_unavailable`
 */
export function begin(call: Call, number: number): Attempt {
  const { clock, histograms, store } = call.deps;
  const begunAt = clock.monotonic();
  const attempt = { ...call.attempt, number, begunAt };
  if (number === 1) {
    const seconds = (begunAt - attempt.accepted.startedAt) / 1_000;
    histograms.observe("anyray_overhead_seconds", 'stage="admit"', seconds);
  }
  try {
    return { ...attempt, slot: store.journal.open(openAttempt(attempt)) };
  } catch {
    throw new GatewayError("store_unavailable");
  }
}

/** `late`: a stream whose client has waited in silence for as long as it may. */
function waitForHead(call: Call, exchange: Exchange): Promise<Answer | UpstreamFailure | "late"> {
  const head = exchange.answer.catch((thrown: unknown) =>
    upstreamFailure(thrown, call.flight.isAborted),
  );
  const totalMs = call.totalDeadline - call.deps.clock.monotonic();
  const silenceMs = call.attempt.stream ? call.deps.limits.keepAliveMs : Infinity;
  const limitMs = Math.min(totalMs, silenceMs);
  if (limitMs === Infinity) return head;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      if (silenceMs < totalMs) return resolve("late");
      resolve(timedOut("timeout_total"));
      exchange.cancel();
    }, limitMs);
    void head.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

function answer(
  call: Call,
  attempt: Attempt,
  exchange: Exchange,
  head: Answer,
): Response | Promise<Response> {
  const isSuccess = head.status >= 200 && head.status < 300;
  if (isSuccess && isEventStream(head, attempt.stream)) {
    return answerStream(call, attempt, exchange, head);
  }
  return answerWhole(call, attempt, exchange, head);
}

/** The row of an attempt that got no answer. @param isFollowed another attempt is made: the client got nothing of this one */
async function settleFailed(
  call: Call,
  attempt: Attempt,
  failure: UpstreamFailure,
  isFollowed: boolean,
): Promise<void> {
  const status = failure.outcome === "aborted" ? 499 : failure.error.status;
  const settled = await call.deps.settler.settleEstimated(attempt, {
    outcome: failure.outcome,
    status: isFollowed ? null : status,
    upstreamStatus: null,
    facts: null,
    estimate: failure.maySpend ? call.estimate(null) : null,
    firstByteAt: null,
  });
  // A row that can't be committed now is tried again by the settler; the failure stays the provider's.
  await settled.committed.catch(() => undefined);
}
