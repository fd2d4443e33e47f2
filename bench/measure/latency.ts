/**
 * Latency that the gateway adds at half of its own peak rate: gateway minus bare proxy, at the same rate, round by round.
 */
import type { LoadResult } from "../load.ts";
import type { Shape } from "../payload.ts";
import { number, type Section } from "../report.ts";
import { BARE, NORMAL, TRACING, type GatewayKind, type ProxyKind, type Rig } from "../rig.ts";
import { spread } from "../stats.ts";
import { measureFixedRate } from "./fixed-rate.ts";
import { measurePeak } from "./peak.ts";

const BYTES = 600;
interface Subject {
  readonly kind: GatewayKind;
  readonly name: string;
  /** Ms that it may add; null: reported. */
  readonly p50Ms: number | null;
  readonly p99Ms: number;
}
const SUBJECTS: readonly Subject[] = [
  { kind: NORMAL, name: "", p50Ms: 0.3, p99Ms: 1 },
  { kind: TRACING, name: ", sealing and tracing", p50Ms: null, p99Ms: 1.5 },
];
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

async function measureShape(
  rig: Rig,
  shape: Shape,
  subject: Subject,
): Promise<Omit<Section, "title" | "columns">> {
  const load = { shape, sizeBytes: BYTES };
  const peak = await measurePeak(rig, subject.kind, load);
  const rate = Math.round(peak.requestsPerSecond / 2);
  const rounds: { readonly bare: LoadResult; readonly gateway: LoadResult }[] = [];
  for (let round = 0; round < rig.options.latencyRounds; round++) {
    const run = (kind: ProxyKind): Promise<LoadResult> => measureFixedRate(rig, kind, load, rate);
    const first = await run(round % 2 === 0 ? BARE : subject.kind);
    const second = await run(round % 2 === 0 ? subject.kind : BARE);
    const [bare, gateway] = round % 2 === 0 ? [first, second] : [second, first];
    rounds.push({ bare, gateway });
    rig.progress(
      `latency ${shape}${subject.name} at ${rate}/s: p50 ${number(bare.whole.p50, 2)} → ${number(gateway.whole.p50, 2)} ms, p99 ${number(bare.whole.p99, 2)} → ${number(gateway.whole.p99, 2)} ms`,
    );
  }
  const name = `${shape === "json" ? "JSON" : "SSE"}${subject.name}`;
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
  const goal = (index: number, text: string, limitMs: number | null): Section["goals"][number] => {
    const difference = added[index]?.difference ?? spread([]);
    const limit = limitMs === null ? "" : ` ≤ ${limitMs} ms`;
    return {
      text: `${name}, added latency ${text}${limit} at half of peak rate`,
      measured: `${number(difference.median, 2)} ms (${number(difference.min, 2)}–${number(difference.max, 2)})`,
      isMet:
        rig.options.isControl || !isInTime || limitMs === null
          ? null
          : difference.median <= limitMs,
    };
  };
  return {
    rows: added.map(({ cells }) => cells),
    notes: [
      `${name}: the generator itself was late by p50 ${number(lateP50.median, 2)} ms, p99 ${number(lateP99.median, 2)} ms (part of both columns)${isInTime ? "" : "; it could not keep up, so nothing is judged by it"}`,
    ],
    goals: [goal(0, "p50", subject.p50Ms), goal(1, "p99", subject.p99Ms)],
  };
}

export async function measureLatency(rig: Rig): Promise<Section> {
  const parts: Omit<Section, "title" | "columns">[] = [];
  for (const subject of SUBJECTS) {
    for (const shape of ["json", "sse"] as const) {
      parts.push(await measureShape(rig, shape, subject));
    }
  }
  return {
    title: "Latency at a fixed rate (half of the gateway's peak), ms",
    columns: ["answer", "requests/s", "figure", "bare", "gateway", "added, median", "least–most"],
    rows: parts.flatMap(({ rows }) => rows),
    notes: parts.flatMap(({ notes }) => notes),
    goals: parts.flatMap(({ goals }) => goals),
  };
}
