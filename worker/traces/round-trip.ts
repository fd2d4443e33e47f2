/**
 * The round trip: a synthetic trace with a sealed canary, as large as an inline part may be, is sent the way that all spans go, and
 * read back by its id and by search. Back ends that cut long values, drop large spans, or take spans and forget them all answer 200;
 * only this shows it.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { ContentRow } from "../../db/store.ts";
import { sealPart } from "../encryption/seal.ts";
import { requestIdOf, requestSpanId } from "../ids.ts";
import { BackendError, type BackendFailure, type TraceBackend } from "./backend/backend.ts";
import { encodeSpans, type Resource } from "./otlp.ts";
import type { SendResult } from "./shipping.ts";
import { partAttributes, type Span } from "./span.ts";

export type RoundTripCode =
  | "ok"
  /** The Collector did not take it: away, or not now. */
  | "collector_away"
  /** It refused it for good, or a span of it. */
  | "collector_refused"
  /** Taken, and not there after the time allowed. */
  | "trace_not_found"
  /** It comes back shorter. */
  | "content_cut"
  | "content_altered"
  /** It is there, but the back end's search does not find it. */
  | "trace_not_searchable"
  | BackendFailure;

export interface RoundTrip {
  readonly code: RoundTripCode;
  readonly traceId: string;
  /** Of the canary as the span's attribute, in characters. */
  readonly sentLength: number;
  /** Of what came back, where it came back cut. */
  readonly readLength: number | null;
  readonly tookMs: number;
}

export interface RoundTripOptions {
  readonly send: (body: Uint8Array) => Promise<SendResult>;
  readonly backend: TraceBackend;
  readonly resource: Resource;
  readonly inlineMaxBytes: number;
  readonly newTraceId: () => string;
  /** ms since 1970. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly sleep: (ms: number) => Promise<void>;
}

/** What a back end may take until a trace is there, and until it is found. */
const WAIT_MS = 30_000;
const POLL_MS = 500;
const SPAN_NAME = "round_trip other";
const CONTENT = "anyray.content.input";
const SEARCH_MARGIN_MS = 60_000;
/** Of an envelope beside what is sealed, padding included, as a first guess. */
const OVERHEAD_BYTES = 320;

/** Never rejects for what the other side does. */
export async function runRoundTrip(options: RoundTripOptions): Promise<RoundTrip> {
  const { backend, now, send, sleep } = options;
  const startedMs = now();
  const traceId = options.newTraceId();
  const span = canarySpan(traceId, startedMs, sealedCanary(options, traceId));
  const text = String(span.attributes.get(CONTENT));
  const result = (code: RoundTripCode, readLength: number | null = null): RoundTrip => ({
    code,
    traceId,
    sentLength: text.length,
    readLength,
    tookMs: now() - startedMs,
  });

  const sent = await send(encodeSpans([span], options.resource));
  if (sent.kind === "later") return result("collector_away");
  if (sent.kind === "refused" || sent.rejectedSpans > 0) return result("collector_refused");

  /** Until it is other than null, or the time is over. */
  async function poll<T>(look: () => Promise<T | null>): Promise<T | BackendError | null> {
    const end = now() + WAIT_MS;
    for (;;) {
      let failure: BackendError | null = null;
      try {
        const found = await look();
        if (found !== null) return found;
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        if (error.code !== "backend_away") return error;
        failure = error;
      }
      if (now() >= end) return failure;
      await sleep(POLL_MS);
    }
  }

  let isThere = false;
  const read = await poll(async () => {
    const trace = await backend.trace(traceId, startedMs);
    isThere = trace !== null;
    // Without its content it may still be on its way.
    return trace?.spans[0]?.attributes.get(CONTENT) ?? null;
  });
  if (read === null) return isThere ? result("content_cut", 0) : result("trace_not_found");
  if (read instanceof BackendError) return result(read.code);
  const back = String(read);
  if (back !== text) {
    const isCut = back.length < text.length && text.startsWith(back);
    return isCut ? result("content_cut", back.length) : result("content_altered", back.length);
  }
  const found = await poll(async () => {
    const ids = await backend.find({
      spanName: SPAN_NAME,
      requestId: requestIdOf(traceId),
      fromMs: startedMs - SEARCH_MARGIN_MS,
      toMs: now() + SEARCH_MARGIN_MS,
    });
    return ids.includes(traceId) ? true : null;
  });
  if (found instanceof BackendError) return result(found.code);
  return result(found === null ? "trace_not_searchable" : "ok");
}

/** Random bytes, sealed under a key that nobody keeps: the largest that is still inline. */
function sealedCanary(
  { inlineMaxBytes, random }: Pick<RoundTripOptions, "inlineMaxBytes" | "random">,
  traceId: string,
): Uint8Array {
  const subjectKey = random(32);
  const hex = (size: number) => Buffer.from(random(size)).toString("hex");
  const identity = { kid: hex(8), handle: hex(16), subjectKey, share: null, random };
  const part = {
    traceId,
    spanId: requestSpanId(traceId),
    field: "input" as const,
    media: "json" as const,
    isCut: false,
  };
  let size = Math.max(1, inlineMaxBytes - OVERHEAD_BYTES);
  for (;;) {
    const envelope = sealPart(
      { ...part, bytes: random(size) },
      { ...identity, compression: "none" },
    );
    // The smallest envelope may be larger than a very small limit.
    if (envelope.length <= inlineMaxBytes || size === 1) return envelope;
    size = Math.max(1, size - Math.ceil(inlineMaxBytes / 64));
  }
}

/** As the gateway makes a request's span, by the code that all spans' content goes through. */
function canarySpan(traceId: string, startedMs: number, envelope: Uint8Array): Span {
  const spanId = requestSpanId(traceId);
  const sha256 = createHash("sha256").update(envelope).digest("hex");
  const part: ContentRow = {
    traceId,
    spanId,
    field: "input",
    timeMs: startedMs,
    mode: "encrypted",
    content: { state: "inline", envelope, sha256 },
  };
  return {
    traceId,
    spanId,
    parentSpanId: null,
    name: SPAN_NAME,
    kind: "server",
    startMs: startedMs,
    endMs: startedMs + 1,
    isError: false,
    link: null,
    attributes: new Map([
      ["anyray.request_id", requestIdOf(traceId)],
      ["anyray.endpoint", "round_trip"],
      ...partAttributes(part),
    ]),
  };
}
