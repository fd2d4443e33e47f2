/**
 * Latency that the gateway adds at half of its own peak rate: gateway minus bare proxy, at the same rate, round by round.
 */
import type { LoadResult } from "../load.ts";
import type { Shape } from "../payload.ts";
import { number, type Section } from "../report.ts";
import { BARE, NORMAL, type ProxyKind, type Rig } from "../rig.ts";
import { spread } from "../stats.ts";
import { measureFixedRate } from "./fixed-rate.ts";
import { measurePeak } from "./peak.ts";

const BYTES = 600;
const GOAL_P50_MS = 0.3;
const GOAL_P99_MS = 1;
/** A generator that is later than this at the median has no core to itself: its figures are not to be judged. */
const LATE_MS = 0.2;

/** What is compared between two results, ms. */
const FIGURES = [
  ["p50", (result: LoadResult) => result.whole.p50],
  ["p99", (result: LoadResult) => result.whole.p99],
  ["p99.9", (result: LoadResult) => result.whole.p999],
  ["max", (result: LoadResult) => result.whole.max],
  ["p50 since sent", (result: LoadResult) => result.sinceSent.p50],
  ["p99 since sent", (result: LoadResult) => result.sinceSent.p99],
  ["first byte p50", (result: LoadResult) => result.firstByte.p50],
  ["first byte p99", (result: LoadResult) => result.firstByte.p99],
] as const;

async function measureShape(rig: Rig, shape: Shape): Promise<Omit<Section, "title" | "columns">> {
  const load = { shape, sizeBytes: BYTES };
  const peak = await measurePeak(rig, NORMAL, load);
  const rate = Math.round(peak.requestsPerSecond / 2);
  const rounds: { readonly bare: LoadResult; readonly gateway: LoadResult }[] = [];
  for (let round = 0; round < rig.options.latencyRounds; round++) {
    const run = (kind: ProxyKind): Promise<LoadResult> => measureFixedRate(rig, kind, load, rate);
    const first = await run(round % 2 === 0 ? BARE : NORMAL);
    const second = await run(round % 2 === 0 ? NORMAL : BARE);
    const [bare, gateway] = round % 2 === 0 ? [first, second] : [second, first];
    rounds.push({ bare, gateway });
    rig.progress(
      `latency ${shape} at ${rate}/s: p50 ${number(bare.whole.p50, 2)} → ${number(gateway.whole.p50, 2)} ms, p99 ${number(bare.whole.p99, 2)} → ${number(gateway.whole.p99, 2)} ms`,
    );
  }
  const name = shape === "json" ? "JSON" : "SSE";
  const added = FIGURES.map(([figure, of]) => {
    const difference = spread(rounds.map(({ bare, gateway }) => of(gateway) - of(bare)));
    const cells = [
      name,
      `${rate}`,
      figure,
      number(spread(rounds.map(({ bare }) => of(bare))).median, 2),
      number(spread(rounds.map(({ gateway }) => of(gateway))).median, 2),
      number(difference.median, 2),
      `${number(difference.min, 2)}–${number(difference.max, 2)}`,
    ];
    return { difference, cells };
  });
  const lateP50 = spread(rounds.flatMap(({ bare, gateway }) => [bare.late.p50, gateway.late.p50]));
  const lateP99 = spread(rounds.flatMap(({ bare, gateway }) => [bare.late.p99, gateway.late.p99]));
  const isInTime = lateP50.max <= LATE_MS;
  const goal = (index: number, text: string, limitMs: number): Section["goals"][number] => {
    const difference = added[index]?.difference ?? spread([]);
    return {
      text: `${name}, added latency ${text} ≤ ${limitMs} ms at half of peak rate`,
      measured: `${number(difference.median, 2)} ms (${number(difference.min, 2)}–${number(difference.max, 2)})`,
      isMet: rig.options.isControl || !isInTime ? null : difference.median <= limitMs,
    };
  };
  return {
    rows: added.map(({ cells }) => cells),
    notes: [
      `${name}: the generator itself was late by p50 ${number(lateP50.median, 2)} ms, p99 ${number(lateP99.median, 2)} ms (part of both columns)${isInTime ? "" : "; it could not keep up, so nothing is judged by it"}`,
    ],
    goals: [goal(0, "p50", GOAL_P50_MS), goal(1, "p99", GOAL_P99_MS)],
  };
}

export async function measureLatency(rig: Rig): Promise<Section> {
  const json = await measureShape(rig, "json");
  const sse = await measureShape(rig, "sse");
  return {
    title: "Latency at a fixed rate (half of the gateway's peak), ms",
    columns: ["answer", "requests/s", "figure", "bare", "gateway", "added, median", "least–most"],
    rows: [...json.rows, ...sse.rows],
    notes: [...json.notes, ...sse.notes],
    goals: [...json.goals, ...sse.goals],
  };
}
