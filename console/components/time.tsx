/** Instants in the reader's zone, the zone named, the exact instant in the element for machines. */

type TimeShape = "full" | "second" | "minute" | "hour" | "day" | "date" | "clock";

const OPTIONS: Readonly<Record<TimeShape, Intl.DateTimeFormatOptions>> = {
  full: {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  },
  second: {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  },
  minute: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  hour: { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  date: { year: "numeric", month: "short", day: "numeric" },
  day: { month: "short", day: "numeric" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

/** Making one costs more than using it a thousand times. */
const made = new Map<string, Intl.DateTimeFormat>();
const MAX_MADE = 200;

export function formatTime(at: string | number, zone: string, shape: TimeShape): string {
  const key = `${zone} ${shape}`;
  let format = made.get(key);
  if (format === undefined) {
    if (made.size >= MAX_MADE) made.clear();
    format = new Intl.DateTimeFormat("en-GB", { ...OPTIONS[shape], timeZone: zone });
    made.set(key, format);
  }
  return format.format(new Date(at));
}

/** `2026-11-23`, the day's own label: no zone shifts it. */
export function formatDay(day: string): string {
  return formatTime(`${day.slice(0, 10)}T12:00:00Z`, "UTC", "day");
}

interface TimeProps {
  readonly at: string | null;
  readonly zone: string;
  readonly shape?: TimeShape;
}

export function Time({ at, zone, shape = "minute" }: TimeProps) {
  if (at === null) return <span class="none">never</span>;
  return (
    <time datetime={at} title={formatTime(at, zone, "full")} safe>
      {formatTime(at, zone, shape)}
    </time>
  );
}

const MINUTE_MS = 60_000;

/** `3 min ago`: how long ago it was when the page was made. */
export function Ago({ at, nowMs, zone }: { at: string | null; nowMs: number; zone: string }) {
  if (at === null) return <span class="none">never</span>;
  const minutes = Math.floor((nowMs - Date.parse(at)) / MINUTE_MS);
  const text =
    minutes < 1
      ? "just now"
      : minutes < 60
        ? `${minutes} min ago`
        : minutes < 2_880
          ? `${Math.floor(minutes / 60)} h ago`
          : `${Math.floor(minutes / 1_440)} days ago`;
  return (
    <time datetime={at} title={formatTime(at, zone, "full")} safe>
      {text}
    </time>
  );
}
