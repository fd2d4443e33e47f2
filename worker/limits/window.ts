/** The windows of caps: hours, days, weeks (from Monday) and months of the calendar, in a time zone. Pure. */
import type { CapWindow } from "../../db/store.ts";

export interface WindowSpan {
  /** ms since 1970, inclusive. */
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the runtime knows a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The window that a moment lies in. @param timeZone IANA name, known to the runtime */
export function windowAt(window: CapWindow, timeZone: string, timeMs: number): WindowSpan {
  const local = toLocal(timeMs, timeZone);
  const [start, end] = localSpan(window, local);
  return { startMs: fromLocal(start, timeZone), endMs: fromLocal(end, timeZone) };
}

/** As if the clock on the wall were UTC's. */
function localSpan(window: CapWindow, localMs: number): readonly [number, number] {
  if (window === "hour") {
    const start = Math.floor(localMs / 3_600_000) * 3_600_000;
    return [start, start + 3_600_000];
  }
  const day = Math.floor(localMs / DAY_MS) * DAY_MS;
  if (window === "day") return [day, day + DAY_MS];
  const date = new Date(day);
  if (window === "week") {
    const monday = day - ((date.getUTCDay() + 6) % 7) * DAY_MS;
    return [monday, monday + 7 * DAY_MS];
  }
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return [Date.UTC(year, month), Date.UTC(year, month + 1)];
}

function toLocal(timeMs: number, timeZone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(timeMs)) {
    parts[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The moment when the wall shows that time; where clocks are put on over it, the first that is later. */
function fromLocal(localMs: number, timeZone: string): number {
  const offsetAt = (timeMs: number) => toLocal(timeMs, timeZone) - timeMs;
  const guess = localMs - offsetAt(localMs);
  return localMs - offsetAt(guess);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, made);
  return made;
}
