/**
 * Many slow streams at once: do the chunks come in time, what does the proxy's core do meanwhile, and what does an idle stream hold.
 */
import { cpuMs, peakRssKb, rssKb } from "../machine.ts";
import { megabytes, number, type Section } from "../report.ts";
import { BARE, NORMAL, type ProxyKind, type Rig, startProxy } from "../rig.ts";
import type { StreamResult } from "../stream-client.ts";
import { warmUp } from "../wrk.ts";
import { CHUNKS_PER_SECOND, RAMP_MS, resultOf, startStreams } from "./stream-run.ts";

/** Time for memory to settle once all idle streams are open; below the gateway's 15 s of silence. */
const SETTLE_MS = 4_000;
/** A stream falls behind if its late chunks lag by more than one interval. */
const BEHIND_MS = 1_000 / CHUNKS_PER_SECOND;
const GOAL_KB = 60;

interface Busy {
  readonly result: StreamResult;
  readonly cpuShare: number | null;
  readonly peakRssKb: number | null;
}

async function measureBusy(rig: Rig, kind: ProxyKind): Promise<Busy> {
  const { streams, streamChunks } = rig.options;
  const streamMs = (streamChunks / CHUNKS_PER_SECOND) * 1_000;
  const proxy = await startProxy(rig, kind, "slow");
  try {
    const client = startStreams(rig, proxy, streams, streamChunks);
    await Promise.race([client.line("open"), client.output]);
    const [startMs, startCpu] = [performance.now(), cpuMs(proxy.pid)];
    await Bun.sleep(streamMs - RAMP_MS - 500);
    const [endMs, endCpu] = [performance.now(), cpuMs(proxy.pid)];
    const result = await resultOf(client);
    const peak = peakRssKb(proxy.pid);
    const cpuShare =
      startCpu === null || endCpu === null ? null : (endCpu - startCpu) / (endMs - startMs);
    return { result, cpuShare, peakRssKb: peak };
  } finally {
    await proxy.stop();
  }
}

/** KB a stream; null where the system does not say. */
async function measureIdle(rig: Rig, kind: ProxyKind): Promise<number | null> {
  const { streams } = rig.options;
  const proxy = await startProxy(rig, kind, "idle");
  try {
    // The code's own memory is not the streams': warm up before the first look.
    await warmUp(rig, proxy, kind, { shape: "json", sizeBytes: 600 });
    await Bun.sleep(1_000);
    const before = rssKb(proxy.pid);
    const client = startStreams(rig, proxy, streams, null);
    try {
      await client.line("open");
      await Bun.sleep(SETTLE_MS);
      const after = rssKb(proxy.pid);
      return before === null || after === null ? null : (after - before) / streams;
    } finally {
      client.stop();
    }
  } finally {
    await proxy.stop();
  }
}

export async function measureStreams(rig: Rig): Promise<Section> {
  const { streams, isControl } = rig.options;
  const rows: string[][] = [];
  const goals: Section["goals"][number][] = [];
  for (const kind of [BARE, NORMAL]) {
    const { result, cpuShare, peakRssKb: peak } = await measureBusy(rig, kind);
    const idleKb = await measureIdle(rig, kind);
    rows.push([
      kind.name,
      `${result.receivedChunks} of ${result.expectedChunks}`,
      `${result.completed}`,
      number(result.lagP50, 1),
      number(result.lagP99, 1),
      number(result.lagMax, 1),
      `${number(result.earlyLagP99, 1)} → ${number(result.lateLagP99, 1)}`,
      number(cpuShare === null ? null : 100 * cpuShare),
      megabytes(peak),
      number(idleKb, 1),
    ]);
    rig.progress(
      `streams: ${kind.name} ${result.receivedChunks}/${result.expectedChunks} chunks, lag p99 ${number(result.lagP99, 1)} ms, ${number(idleKb, 1)} KB an idle stream`,
    );
    if (kind === BARE) continue;
    const isComplete =
      result.receivedChunks === result.expectedChunks && result.completed === streams;
    goals.push(
      {
        text: `${streams} streams of ${CHUNKS_PER_SECOND} chunks/s without falling behind`,
        measured: `${result.receivedChunks} of ${result.expectedChunks} chunks, lag p99 ${number(result.lagP99, 1)} ms, in the last quarter ${number(result.lateLagP99, 1)} ms`,
        isMet: isControl ? null : isComplete && result.lateLagP99 < BEHIND_MS,
      },
      {
        text: `≤ ${GOAL_KB} KB RSS per idle stream`,
        measured: `${number(idleKb, 1)} KB`,
        isMet: isControl || idleKb === null ? null : idleKb <= GOAL_KB,
      },
    );
  }
  return {
    title: `${streams} concurrent slow streams`,
    columns: [
      "proxy",
      "chunks received",
      "streams complete",
      "lag p50, ms",
      "p99",
      "max",
      "p99, first → last quarter",
      "own CPU, %",
      "peak RSS, MiB",
      "RSS per idle stream, KB",
    ],
    rows,
    notes: [
      "Lag: the mock provider writes a chunk → the client reads it. Idle streams: RSS with all of them open for 4 s, minus before.",
    ],
    goals,
  };
}
