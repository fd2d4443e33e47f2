/**
 * Points in time as a person types them.
 */

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** For messages: what `parseInstant` takes. */
export const INSTANT_FORM = "2027-01-31 (its start, UTC) or 2027-01-31T12:00:00Z";

/** ms since 1970; null if the text is no such time, or no such day exists. */
export function parseInstant(text: string): number | null {
  const day = DAY.test(text) ? text : TIME.exec(text)?.[1];
  if (day === undefined) return null;
  const midnightMs = Date.parse(`${day}T00:00:00Z`);
  const timeMs = day === text ? midnightMs : Date.parse(text);
  if (Number.isNaN(midnightMs) || Number.isNaN(timeMs)) return null;
  // Some engines read the 31st of February as the 3rd of March.
  return new Date(midnightMs).toISOString().startsWith(day) ? timeMs : null;
}

/** RFC 3339 in UTC, without `.000`. */
export function formatInstant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.000Z$/, "Z");
}
