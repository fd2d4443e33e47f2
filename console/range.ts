/** The range of time that a page looks at, and the one before it. Kept in the address: `?range=7d`, or `?from=…&to=…`. */

interface NamedRange {
  readonly name: string;
  readonly label: string;
  readonly hours: number;
}

const DEFAULT_RANGE: NamedRange = { name: "30d", label: "30 days", hours: 30 * 24 };

export const RANGES: readonly NamedRange[] = [
  { name: "24h", label: "24 hours", hours: 24 },
  { name: "7d", label: "7 days", hours: 7 * 24 },
  DEFAULT_RANGE,
  { name: "90d", label: "90 days", hours: 90 * 24 },
];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Above it, hours would be too many to tell apart; and those older than a week have no sums, so that their rows are read. */
const MAX_HOURLY_MS = 2 * DAY_MS;
const MAX_DAYS = 3_660;

export interface Range {
  /** Of `RANGES`; null: two dates. */
  readonly name: string | null;
  /** For a person: `7 days`, `1 Nov – 5 Nov`. */
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of the same length, just before; its end is as far into its day as this one's. */
  readonly before: { readonly fromMs: number; readonly toMs: number };
  readonly step: "hour" | "day";
}

/**
 * Whole days are days in UTC: the ledger keeps their sums, so that months cost no more than hours.
 * @param usual of `RANGES`: where nothing is asked for. Pages that look through rows take less than those that read sums.
 */
export function readRange(
  query: URLSearchParams,
  nowMs: number,
  usual = DEFAULT_RANGE.name,
): Range {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const first = parseDay(query.get("from"));
  // A day alone leads up to now; two may stand in either order.
  const [from, to] = [first, parseDay(query.get("to")) ?? (first === null ? null : today)];
  if (from !== null && to !== null && Math.abs(to - from) <= MAX_DAYS * DAY_MS) {
    return make(null, "from – to", Math.min(from, to), Math.max(from, to) + DAY_MS);
  }
  const named = (wanted: string | null) => RANGES.find(({ name }) => name === wanted);
  const { name, label, hours } = named(query.get("range")) ?? named(usual) ?? DEFAULT_RANGE;
  const isHourly = hours * HOUR_MS <= MAX_HOURLY_MS;
  const unit = isHourly ? HOUR_MS : DAY_MS;
  // The last step is the one under way.
  const fromMs = Math.floor(nowMs / unit) * unit - (hours * HOUR_MS - unit);
  return make(name, label, fromMs, nowMs + 1, hours * HOUR_MS);
}

function make(
  name: string | null,
  label: string,
  fromMs: number,
  toMs: number,
  lengthMs = toMs - fromMs,
): Range {
  return {
    name,
    label: name === null ? `${dayOf(fromMs)} – ${dayOf(toMs - 1)}` : label,
    fromMs,
    toMs,
    before: { fromMs: fromMs - lengthMs, toMs: toMs - lengthMs },
    step: lengthMs <= MAX_HOURLY_MS ? "hour" : "day",
  };
}

/** `2026-11-23`; null for anything else. */
function parseDay(text: string | null): number | null {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const timeMs = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(timeMs) ? null : timeMs;
}

export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** Whether rows that lie anywhere in it take longer to find than a page should. */
export function isLong({ fromMs, toMs }: Pick<Range, "fromMs" | "toMs">): boolean {
  return toMs - fromMs > MAX_HOURLY_MS;
}

/** For the API's query. */
export function rangeQuery({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** The keys that `group_by=day` or `hour` (both UTC) can have in the range, in order. */
export function stepsOf(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  step: "hour" | "day",
): readonly string[] {
  const unit = step === "hour" ? HOUR_MS : DAY_MS;
  const first = Math.floor(fromMs / unit);
  const count = Math.ceil(toMs / unit) - first;
  const digits = step === "hour" ? 13 : 10;
  return Array.from({ length: count }, (_, index) =>
    new Date((first + index) * unit).toISOString().slice(0, digits),
  );
}
