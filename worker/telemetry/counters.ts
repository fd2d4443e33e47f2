/** Counts of what leaves no ledger row, and of what must be seen to go wrong; served by `/metrics`. */

/** Name and help text of every counter. */
export const COUNTERS = {
  anyray_requests_total: "Requests to the data plane, by endpoint and status.",
  anyray_refused_total: "Requests refused by the gateway, by error code.",
  anyray_ledger_retries_total: "Ledger rows that could not be committed at once and were tried again.",
  anyray_values_dropped_total: "Values from providers that are no plain name and were stored as `other`.",
} as const;
export type CounterName = keyof typeof COUNTERS;

export class Counters {
  readonly #values = new Map<string, number>();

  /** @param labels closed enums only: a label's values bound the size of this table */
  add(name: CounterName, labels: Readonly<Record<string, string | number>> = {}): void {
    const text = Object.entries(labels)
      .map(([label, value]) => `${label}="${value}"`)
      .join(",");
    const series = text === "" ? name : `${name}{${text}}`;
    this.#values.set(series, (this.#values.get(series) ?? 0) + 1);
  }

  /** Prometheus text format 0.0.4. */
  render(): string {
    const lines: string[] = [];
    for (const [name, help] of Object.entries(COUNTERS)) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      for (const [series, value] of this.#values) {
        if (series === name || series.startsWith(`${name}{`)) lines.push(`${series} ${value}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}
