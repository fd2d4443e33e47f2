/**
 * Does one large request hold up everybody else? Streams that run by themselves, then the same with large requests beside them:
 * what their chunks lag by, with everything on that a full installation does.
 */
import { number, type Section } from "../report.ts";
import { BARE, type ProxyKind, type Rig, startProxy, TRACING } from "../rig.ts";
import type { StreamResult } from "../stream-client.ts";
import { warmUp } from "../wrk.ts";
import { runLoad } from "./fixed-rate.ts";
import { CHUNKS_PER_SECOND, RAMP_MS, resultOf, startStreams } from "./stream-run.ts";

const LARGE_BYTES = 400 * 1_024;
const LARGE_A_SECOND = 5;
const STREAMS = 100;
const GOAL_MS = 5;
/** What the warm-up left to be sealed and sent. */
const SETTLE_MS = 5_000;

interface Both {
  readonly alone: StreamResult;
  readonly beside: StreamResult;
  /** Large requests that were answered. */
  readonly requests: number;
}

async function measure(rig: Rig, kind: ProxyKind): Promise<Both> {
  const chunks = rig.options.streamChunks;
  const load = { shape: "json", sizeBytes: LARGE_BYTES } as const;
  const proxy = await startProxy(rig, kind, "slow");
  try {
    await warmUp(rig, proxy, kind, load);
    await Bun.sleep(SETTLE_MS);
    const alone = await resultOf(startStreams(rig, proxy, STREAMS, chunks));
    const client = startStreams(rig, proxy, STREAMS, chunks);
    await Promise.race([client.line("open"), client.output]);
    const { requests } = await runLoad(rig, {
      port: proxy.port,
      clientKey: proxy.clientKey,
      ...load,
      rate: LARGE_A_SECOND,
      warmUpSeconds: 0,
      // Done before the first of the streams ends: they were opened one after the other.
      seconds: chunks / CHUNKS_PER_SECOND - (2 * RAMP_MS) / 1_000,
    });
    return { alone, beside: await resultOf(client), requests };
  } finally {
    await proxy.stop();
  }
}

const cells = (name: string, beside: string, result: StreamResult): string[] => [
  name,
  beside,
  `${result.receivedChunks} of ${result.expectedChunks}`,
  number(result.lagP50, 2),
  number(result.lagP99, 2),
  number(result.lagP999, 2),
  number(result.lagMax, 1),
];

export async function measureLarge(rig: Rig): Promise<Section> {
  const rows: string[][] = [];
  const goals: Section["goals"][number][] = [];
  for (const kind of [BARE, TRACING]) {
    const { alone, beside, requests } = await measure(rig, kind);
    rows.push(cells(kind.name, "nothing", alone), cells(kind.name, `${requests}`, beside));
    const more = beside.lagMax - alone.lagP50;
    rig.progress(
      `large: ${kind.name} lag max ${number(alone.lagMax, 1)} → ${number(beside.lagMax, 1)} ms beside ${requests} large requests`,
    );
    if (kind === BARE) continue;
    goals.push({
      text: `A request of ${LARGE_BYTES / 1_024} KiB delays no other stream by more than ${GOAL_MS} ms (sealing and tracing)`,
      measured: `the latest of ${beside.receivedChunks} chunks ${number(more, 1)} ms more than the median without; without large requests ${number(alone.lagMax - alone.lagP50, 1)} ms`,
      isMet: rig.options.isControl ? null : more <= GOAL_MS,
    });
  }
  return {
    title: `${STREAMS} streams beside requests of ${LARGE_BYTES / 1_024} KiB, ${LARGE_A_SECOND} a second`,
    columns: ["proxy", "beside them", "chunks received", "lag p50, ms", "p99", "p99.9", "max"],
    rows,
    notes: ["Lag: the mock provider writes a chunk → the client reads it."],
    goals,
  };
}
