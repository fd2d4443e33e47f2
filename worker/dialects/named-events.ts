/** What the dialects with named events (Responses, Messages) share: which beginnings of an event could be a terminal unit. */

/** Longest beginning that is held back while the event's name is not known. */
const HOLD_LIMIT = 4096;

/**
 * @param beginning of an event that has not ended
 * @param isTerminal for an event's name
 * @returns whether it must be held back. Servers that leave the `event` line out name the type in the data.
 */
export function mayBeTerminal(beginning: string, isTerminal: (name: string) => boolean): boolean {
  const named = /^event: ?([^\r\n]*)[\r\n]/.exec(beginning);
  if (named !== null) return isTerminal(named[1] ?? "");
  if (beginning.startsWith(":")) return false;
  const typed = /"type"\s*:\s*"([\w.]*)"/.exec(beginning);
  if (typed !== null) return isTerminal(typed[1] ?? "");
  return beginning.length < HOLD_LIMIT;
}
