/** The time in a trace id: a UUIDv7 begins with 48 bits of milliseconds, so that a range of time is a range of ids. */

/** How far a trace id's time may be from the row's: ids never go back when the clock does. */
export const SLACK_MS = 24 * 3_600_000;

/** The lowest trace id of a moment. */
export function traceIdAt(ms: number): string {
  const bounded = Math.min(Math.max(Math.floor(ms), 0), 2 ** 48 - 1);
  return bounded.toString(16).padStart(12, "0");
}

/** When it was minted, ms since 1970; NaN for what is no id. */
export function traceIdMs(traceId: string): number {
  return /^[0-9a-f]{32}$/.test(traceId) ? Number.parseInt(traceId.slice(0, 12), 16) : NaN;
}
