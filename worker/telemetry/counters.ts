/** Counts of what leaves no ledger row, and of what must be seen to go wrong; served by `/metrics`. */

/** Name and help text of every counter. */
export const COUNTERS = {
  anyray_requests_total: "Requests to the data plane, by endpoint and status.",
  anyray_refused_total: "Requests refused by the gateway, by error code.",
  anyray_ledger_retries_total:
    "Ledger rows that could not be committed at once and were tried again.",
  anyray_content_parts_total:
    "Parts of content, by what became of them: inline, object, or why they were left out.",
  anyray_content_expired_total: "Parts of content that were deleted because of their age.",
  anyray_spans_exported_total: "Spans that the Collector has taken.",
  anyray_spans_dropped_total:
    "Ledger rows whose spans were given up, because too much waited for the Collector.",
  anyray_spans_rejected_total: "Spans that the Collector took and threw away, as it says.",
  anyray_webhook_total: "Notices of caps to ANYRAY_WEBHOOK_URL, by how that ended.",
  anyray_values_dropped_total:
    "Values from providers that are no plain name and were stored as `other`.",
} as const;
export type CounterName = keyof typeof COUNTERS;

/** `Object.keys` forgets the type of the names. */
const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];

export class Counters {
  /** name → labels as Prometheus writes them → value */
  readonly #values = new Map<CounterName, Map<string, number>>();

  /** @param labels as in `endpoint="chat",status="200"`: closed enums only, since their values bound the size of this table */
  add(name: CounterName, labels = "", amount = 1): void {
    const series = this.#values.get(name) ?? new Map<string, number>();
    if (series.size === 0) this.#values.set(name, series);
    series.set(labels, (series.get(labels) ?? 0) + amount);
  }

  /** Prometheus text format 0.0.4. */
  render(): string {
    const lines: string[] = [];
    for (const name of COUNTER_NAMES) {
      lines.push(`# HELP ${name} ${COUNTERS[name]}`, `# TYPE ${name} counter`);
      for (const [labels, value] of this.#values.get(name) ?? []) {
        lines.push(`${name}${labels === "" ? "" : `{${labels}}`} ${value}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}
