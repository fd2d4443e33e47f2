/** `anyray traces verify`: proves the way of a trace to the back end and back, with the settings of the gateway. */
import type { TracesConfig } from "../config/traces.ts";
import { createEgress } from "../egress.ts";
import { createIdSource } from "../ids.ts";
import { createResource, createRoundTrip, traceDestinations } from "../traces/places.ts";
import type { RoundTrip, RoundTripCode } from "../traces/round-trip.ts";
import { UsageError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

export interface TracesTools {
  readonly terminal: Terminal;
  /** ms since 1970 UTC. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  /** From the environment. Throws `ConfigError`. */
  readonly loadTraces: () => {
    readonly traces: TracesConfig;
    readonly inlineMaxBytes: number;
    readonly connectMs: number;
  };
}

/** Exit code where spans come back otherwise than they were sent, or not at all. */
const BROKEN = 3;
/** For one answer of the Collector or the back end. */
const ANSWER_MS = 10_000;
/** Exit code where nothing could be proven: one of the two did not answer. */
const AWAY = 1;

const MEANINGS: Readonly<Record<RoundTripCode, string>> = {
  ok: "The trace came back whole, by its id and by search.",
  collector_away:
    "The Collector did not take the trace. Is it running, and is OTEL_EXPORTER_OTLP_ENDPOINT its OTLP/HTTP address, without /v1/traces?",
  collector_refused:
    "The Collector refused the trace for good. Its log says why; see its limit of a body and its list of attributes.",
  trace_not_found:
    "The Collector took the trace, and the back end does not have it. The Collector's log says whether it handed it on; the back end may have dropped it as too large.",
  content_cut:
    "The back end cuts long attributes: sealed content in it can't be decrypted. Raise its limit (Tempo: distributor.max_attribute_bytes) or lower ANYRAY_CONTENT_INLINE_MAX_BYTES.",
  content_altered: "The sealed content came back changed: it can't be decrypted.",
  trace_not_searchable:
    "The back end has the trace, and its search does not find it. Is it the back end of this service name?",
  backend_away:
    "The back end did not answer. Is it running, and is ANYRAY_TRACES_URL the address of its API?",
  backend_refused: "The back end refuses to be read. Does something before it ask for credentials?",
  backend_unreadable:
    "The back end's answer is no trace. Is ANYRAY_TRACES the right one for ANYRAY_TRACES_URL?",
};

export async function runTraces(args: readonly string[], tools: TracesTools): Promise<number> {
  const [command, ...rest] = args;
  if (command !== "verify") throw new UsageError("`anyray traces` takes verify.");
  if (rest.some((arg) => arg !== "--json") || rest.length > 1) {
    throw new UsageError("`anyray traces verify` takes --json alone.");
  }
  const { traces, inlineMaxBytes, connectMs } = tools.loadTraces();
  const egress = createEgress({
    destinations: traceDestinations(traces),
    connectMs,
    firstByteMs: ANSWER_MS,
    now: () => performance.now(),
  });
  const ids = createIdSource(tools.now, null);
  const roundTrip = createRoundTrip(traces, {
    egress,
    inlineMaxBytes,
    resource: createResource(traces),
    newTraceId: () => ids.traceId(),
    now: tools.now,
    random: tools.random,
  });
  try {
    if (roundTrip === null || traces.backend === null) {
      throw new UsageError(
        "there is no back end to prove: traces are read from the gateway's own store. Set OTEL_EXPORTER_OTLP_ENDPOINT, ANYRAY_TRACES and ANYRAY_TRACES_URL as for the gateway.",
      );
    }
    const { name } = traces.backend;
    tools.terminal.say(
      `Sending a sealed part of ${inlineMaxBytes} bytes through the Collector, and waiting for it in ${name} …`,
    );
    const trip = await roundTrip();
    tools.terminal.out(rest.length === 1 ? toJson(trip, name) : describe(trip));
    return exitCodeOf(trip.code);
  } finally {
    egress.close();
  }
}

function exitCodeOf(code: RoundTripCode): number {
  if (code === "ok") return 0;
  return code === "backend_away" || code === "collector_away" ? AWAY : BROKEN;
}

function describe({ code, traceId, sentLength, readLength, tookMs }: RoundTrip): string {
  const length = readLength === null ? "" : `\nSent ${sentLength} characters, got ${readLength}.`;
  return `${code}: ${MEANINGS[code]}${length}\nTrace ${traceId}, ${(tookMs / 1_000).toFixed(1)} s.`;
}

function toJson(
  { code, traceId, sentLength, readLength, tookMs }: RoundTrip,
  backend: string,
): string {
  return JSON.stringify({
    code,
    backend,
    trace_id: traceId,
    sent_characters: sentLength,
    read_characters: readLength,
    took_ms: tookMs,
  });
}
