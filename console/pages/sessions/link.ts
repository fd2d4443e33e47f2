/** Where a session's requests are looked for: around a time at which there was one. */
import { dayOf } from "../../range.ts";

const HALF_DAY_MS = 12 * 3_600_000;

/** @param at RFC 3339; null: not known */
export function sessionLink(session: string, at: string | null): string {
  const path = `/sessions/${encodeURIComponent(session)}`;
  const atMs = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(atMs)) return path;
  return `${path}?${new URLSearchParams({ from: dayOf(atMs - HALF_DAY_MS), to: dayOf(atMs + HALF_DAY_MS) })}`;
}
