/** How long things take, in buckets; served by `/metrics`. Labels are closed enums only: no user, no model. */

interface Definition {
  readonly help: string;
  /** Upper bounds in seconds, ascending. */
  readonly bounds: readonly number[];
}

const WORK = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1];
const ANSWERS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];

export const HISTOGRAMS = {
  anyray_overhead_seconds: {
    help: "What the gateway adds: from accept to the request's way up (admit), and from the answer's end to its row on disk (settle).",
    bounds: WORK,
  },
  anyray_request_seconds: {
    help: "From accept to the answer's end, by endpoint and outcome.",
    bounds: ANSWERS,
  },
  anyray_time_to_first_byte_seconds: {
    help: "From accept to the provider's first body byte, by endpoint.",
    bounds: ANSWERS,
  },
} as const satisfies Record<string, Definition>;
export type HistogramName = keyof typeof HISTOGRAMS;

/** `Object.keys` forgets the type of the names. */
const NAMES = Object.keys(HISTOGRAMS) as readonly HistogramName[];

interface Series {
  /** One a bound, and one beyond all. Not cumulative. */
  readonly counts: number[];
  sum: number;
}

export class Histograms {
  /** name → labels as Prometheus writes them → series */
  readonly #series = new Map<HistogramName, Map<string, Series>>(
    NAMES.map((name) => [name, new Map<string, Series>()]),
  );

  /** @param labels as in `stage="admit"` */
  observe(name: HistogramName, labels: string, seconds: number): void {
    const { bounds } = HISTOGRAMS[name];
    const all = this.#series.get(name);
    let series = all?.get(labels);
    if (series === undefined) {
      series = { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
      all?.set(labels, series);
    }
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += seconds;
  }

  /** Prometheus text format 0.0.4. */
  render(): string {
    const lines: string[] = [];
    for (const name of NAMES) {
      const { help, bounds } = HISTOGRAMS[name];
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`);
      for (const [labels, { counts, sum }] of this.#series.get(name) ?? []) {
        let below = 0;
        for (const [at, count] of counts.entries()) {
          below += count;
          lines.push(`${name}_bucket{${labels},le="${bounds[at] ?? "+Inf"}"} ${below}`);
        }
        lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${below}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}
