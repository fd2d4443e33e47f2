/**
 * Peak throughput against the bare proxy: the goal's 600-byte requests in all rounds, larger bodies in fewer.
 */
import type { Shape } from "../payload.ts";
import { megabytes, number, type Section } from "../report.ts";
import { BARE, FULL, NORMAL, SEALING, TRACING, type ProxyKind, type Rig } from "../rig.ts";
import { spread } from "../stats.ts";
import type { Load } from "../wrk.ts";
import { greatest, measureRounds, type Peak, percentOf, ratios } from "./peak.ts";

const GOAL_BYTES = 600;
const LARGER_BYTES = [1_024, 32 * 1_024, 400 * 1_024];
/** Share of the bare proxy's rate that the gateway is to keep, with `ANYRAY_LEDGER_SYNC=normal`. */
const GOALS: Readonly<Record<Shape, number>> = { json: 0.6, sse: 0.44 };
/** The same with content sealed and traces sent. */
const TRACED_GOALS: Readonly<Record<Shape, number>> = { json: 0.45, sse: 0.4 };
const SHAPE_NAMES: Readonly<Record<Shape, string>> = { json: "JSON", sse: "SSE" };

interface Line {
  readonly cells: readonly string[];
  readonly raw: string;
  readonly medianRatio: number;
  readonly spreadText: string;
}

function line(
  sizeBytes: number,
  kind: ProxyKind,
  own: readonly Peak[],
  bare: readonly Peak[],
): Line {
  const rates = own.map((peak) => peak.requestsPerSecond);
  const ratio = spread(ratios(own, bare));
  const spreadText = `${number(ratio.min, 2)}–${number(ratio.max, 2)}`;
  const isBare = kind === BARE;
  return {
    cells: [
      `${sizeBytes}`,
      kind.name,
      number(spread(rates).median),
      isBare ? "1" : number(ratio.median, 2),
      isBare ? "" : spreadText,
      megabytes(greatest(own.map((peak) => peak.peakRssKb))),
      number(percentOf(own.map((peak) => peak.cpuShare))),
      number(percentOf(own.map((peak) => peak.othersShare))),
    ],
    raw: `${sizeBytes} B, ${kind.name}: ${rates.map((rate) => rate.toFixed(0)).join(", ")}`,
    medianRatio: ratio.median,
    spreadText,
  };
}

async function linesOf(
  rig: Rig,
  kinds: readonly ProxyKind[],
  rounds: number,
  loads: readonly Load[],
): Promise<readonly Line[]> {
  const peaks = await measureRounds(rig, kinds, rounds, loads);
  return loads.flatMap(({ sizeBytes }, at) => {
    const [bare = []] = peaks[at] ?? [];
    return kinds.map((kind, index) => line(sizeBytes, kind, peaks[at]?.[index] ?? [], bare));
  });
}

export async function measureThroughput(rig: Rig, shape: Shape): Promise<Section> {
  const { pairs, sizePairs, isControl } = rig.options;
  const load = (sizeBytes: number): Load => ({ shape, sizeBytes });
  const kinds = [BARE, NORMAL, FULL, SEALING, TRACING];
  const goalLines = await linesOf(rig, kinds, pairs, [load(GOAL_BYTES)]);
  const larger = await linesOf(rig, [BARE, NORMAL], sizePairs, LARGER_BYTES.map(load));
  const lines = [...goalLines, ...larger];
  const [, normal, full, sealing, tracing] = goalLines;
  const name = SHAPE_NAMES[shape];
  const result = (one: Line | undefined): string =>
    `${number(one?.medianRatio ?? null, 2)} (${one?.spreadText ?? ""}, ${pairs} pairs)`;
  return {
    title: `Peak throughput, ${name}`,
    columns: [
      "request bytes",
      "proxy",
      "requests/s, median",
      "ratio to bare, median",
      "least–most",
      "peak RSS, MiB",
      "own CPU, %",
      "others on its core, %",
    ],
    rows: lines.map(({ cells }) => cells),
    notes: lines.map(({ raw }) => `requests/s by round, ${raw}`),
    goals: [
      {
        text: `${name}, 600 B, \`normal\`: ≥ ${GOALS[shape].toFixed(2)} × the bare proxy`,
        measured: result(normal),
        isMet: isControl ? null : (normal?.medianRatio ?? 0) >= GOALS[shape],
      },
      { text: `${name}, 600 B, \`full\`: reported`, measured: result(full), isMet: null },
      {
        text: `${name}, 600 B, content sealed (the default mode): reported`,
        measured: result(sealing),
        isMet: null,
      },
      {
        text: `${name}, 600 B, content sealed and traces sent: ≥ ${TRACED_GOALS[shape].toFixed(2)} × the bare proxy`,
        measured: result(tracing),
        isMet: isControl ? null : (tracing?.medianRatio ?? 0) >= TRACED_GOALS[shape],
      },
    ],
  };
}
