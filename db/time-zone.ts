/**
 * Days and hours of a time zone without a time zone database in SQL: a range falls into few stretches of constant offset
 * from UTC, and each is plain arithmetic.
 */

export interface Stretch {
  /** Exclusive end, ms since 1970; Infinity for the last. */
  readonly untilMs: number;
  /** Local time minus UTC. */
  readonly offsetMs: number;
}

const HOUR_MS = 3_600_000;

/** @param timeZone an IANA name that `Intl` knows */
export function stretches(timeZone: string, fromMs: number, toMs: number): Stretch[] {
  const offsetAt = offsetReader(timeZone);
  const found: Stretch[] = [];
  let offset = offsetAt(fromMs);
  // No zone changes twice within a day.
  for (let at = fromMs; at < toMs; at += 24 * HOUR_MS) {
    const end = Math.min(at + 24 * HOUR_MS, toMs);
    const next = offsetAt(end);
    if (next === offset) continue;
    found.push({ untilMs: changeBetween(offsetAt, at, end), offsetMs: offset });
    offset = next;
  }
  return [...found, { untilMs: Infinity, offsetMs: offset }];
}

/** The first minute at which the offset differs from that at `low`. */
function changeBetween(offsetAt: (ms: number) => number, low: number, high: number): number {
  const before = offsetAt(low);
  let from = Math.floor(low / 60_000);
  let to = Math.ceil(high / 60_000);
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (offsetAt(middle * 60_000) === before) from = middle;
    else to = middle;
  }
  return to * 60_000;
}

function offsetReader(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map((part) => [part.type, Number(part.value)]));
    const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const local = Date.UTC(
      get("year"),
      get("month") - 1,
      get("day"),
      get("hour"),
      get("minute"),
      get("second"),
    );
    return local - Math.floor(ms / 1000) * 1000;
  };
}
