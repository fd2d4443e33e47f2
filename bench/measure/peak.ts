/**
 * Peak throughput of one fresh proxy, with what it cost; and rounds of several proxies in alternating order.
 */
import { coreBusyMs, cpuMs, peakRssKb } from "../machine.ts";
import { type ProxyKind, type Rig, startProxy } from "../rig.ts";
import { spread } from "../stats.ts";
import { type Load, runWrk } from "../wrk.ts";

export interface Peak {
  readonly requestsPerSecond: number;
  readonly peakRssKb: number | null;
  /** The proxy's share of one core while it was measured, 0–1. Well below 1: something else was the bottleneck. */
  readonly cpuShare: number | null;
  /** Share of the proxy's core that others took, 0–1: disturbance by the machine. */
  readonly othersShare: number | null;
}

export async function measurePeak(rig: Rig, kind: ProxyKind, load: Load): Promise<Peak> {
  const { warmUpSeconds, seconds } = rig.options;
  const proxy = await startProxy(rig, kind);
  try {
    await runWrk(rig, proxy, load, warmUpSeconds);
    const sample = (): { at: number; own: number | null; all: number | null } => ({
      at: performance.now(),
      own: cpuMs(proxy.pid),
      all: coreBusyMs(rig.cores.proxy),
    });
    const before = sample();
    const { requestsPerSecond } = await runWrk(rig, proxy, load, seconds);
    const after = sample();
    const elapsed = after.at - before.at;
    const own = after.own === null || before.own === null ? null : after.own - before.own;
    const all = after.all === null || before.all === null ? null : after.all - before.all;
    return {
      requestsPerSecond,
      peakRssKb: peakRssKb(proxy.pid),
      cpuShare: own === null ? null : own / elapsed,
      othersShare: own === null || all === null ? null : Math.max(0, all - own) / elapsed,
    };
  } finally {
    await proxy.stop();
  }
}

/** For each kind its peaks, round by round; every other round goes through the kinds backwards. */
export async function measureRounds(
  rig: Rig,
  kinds: readonly ProxyKind[],
  rounds: number,
  load: Load,
): Promise<readonly (readonly Peak[])[]> {
  const peaks: Peak[][] = kinds.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...kinds.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, kind] of order) {
      const peak = await measurePeak(rig, kind, load);
      peaks[index]?.push(peak);
      rig.progress(
        `${load.shape} ${load.sizeBytes} B, round ${round + 1}/${rounds}: ${kind.name} ${peak.requestsPerSecond.toFixed(0)}/s`,
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
