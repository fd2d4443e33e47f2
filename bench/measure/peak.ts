/**
 * Peak throughput of one fresh proxy, with what it cost; and rounds of several proxies in alternating order.
 */
import { coreBusyMs, cpuMs, peakRssKb, resetPeakRss } from "../machine.ts";
import { type ProxyKind, type Rig, type Running, startProxy } from "../rig.ts";
import { spread } from "../stats.ts";
import { type Load, runWrk, warmUp } from "../wrk.ts";

export interface Peak {
  readonly requestsPerSecond: number;
  readonly peakRssKb: number | null;
  /** The proxy's share of one core while it was measured, 0–1. Well below 1: something else was the bottleneck. */
  readonly cpuShare: number | null;
  /** Share of the proxy's core that others took, 0–1: disturbance by the machine. */
  readonly othersShare: number | null;
}

/** One request shape after the other on the same process; the first has all of the warm-up. */
async function measurePeaks(
  rig: Rig,
  kind: ProxyKind,
  loads: readonly Load[],
): Promise<readonly Peak[]> {
  const proxy = await startProxy(rig, kind);
  try {
    const peaks: Peak[] = [];
    for (const [index, load] of loads.entries()) {
      if (index === 0) await warmUp(rig, proxy, kind, load);
      else await runWrk(rig, proxy, load, 1);
      peaks.push(await measureWarm(rig, proxy, load));
    }
    return peaks;
  } finally {
    await proxy.stop();
  }
}

interface Sample {
  readonly atMs: number;
  readonly ownMs: number | null;
  readonly allMs: number | null;
}

async function measureWarm(rig: Rig, proxy: Running, load: Load): Promise<Peak> {
  const sample = (): Sample => ({
    atMs: performance.now(),
    ownMs: cpuMs(proxy.pid),
    allMs: coreBusyMs(rig.cores.proxy),
  });
  resetPeakRss(proxy.pid);
  const before = sample();
  const { requestsPerSecond } = await runWrk(rig, proxy, load, rig.options.seconds);
  const after = sample();
  const elapsedMs = after.atMs - before.atMs;
  const own = difference(after.ownMs, before.ownMs);
  const all = difference(after.allMs, before.allMs);
  return {
    requestsPerSecond,
    peakRssKb: peakRssKb(proxy.pid),
    cpuShare: own === null ? null : own / elapsedMs,
    othersShare: own === null || all === null ? null : Math.max(0, all - own) / elapsedMs,
  };
}

function difference(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before;
}

export async function measurePeak(rig: Rig, kind: ProxyKind, load: Load): Promise<Peak> {
  const [peak] = await measurePeaks(rig, kind, [load]);
  if (peak === undefined) throw new Error("one load gives one peak");
  return peak;
}

/**
 * For each load, for each kind, its peaks round by round: `peaks[load][kind][round]`. Every other round goes through the kinds
 * backwards. Each kind gets a fresh process in each round.
 */
export async function measureRounds(
  rig: Rig,
  kinds: readonly ProxyKind[],
  rounds: number,
  loads: readonly Load[],
): Promise<readonly (readonly (readonly Peak[])[])[]> {
  const peaks: Peak[][][] = loads.map(() => kinds.map(() => []));
  for (let round = 0; round < rounds; round++) {
    const order = [...kinds.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, kind] of order) {
      const found = await measurePeaks(rig, kind, loads);
      for (const [at, peak] of found.entries()) peaks[at]?.[index]?.push(peak);
      const rates = found.map((peak) => `${peak.requestsPerSecond.toFixed(0)}/s`).join(", ");
      const sizes = loads.map((load) => `${load.sizeBytes} B`).join(", ");
      rig.progress(
        `${loads[0]?.shape ?? ""} ${sizes}, round ${round + 1}/${rounds}: ${kind.name} ${rates}`,
      );
    }
  }
  return peaks;
}

/** Round by round, the one's rate over the other's. */
export function ratios(ones: readonly Peak[], others: readonly Peak[]): readonly number[] {
  return ones.map(
    (one, index) => one.requestsPerSecond / (others[index]?.requestsPerSecond ?? Number.NaN),
  );
}

/** The greatest of the known values. */
export function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** The median of the known values, in per cent. */
export function percentOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : 100 * spread(known).median;
}
