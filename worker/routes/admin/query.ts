/** What the query strings of the admin API have in common. Every parameter is known, stands once, and is checked, or the request is refused. */
import { GatewayError } from "../../errors.ts";

const DEFAULT_RANGE_MS = 30 * 86_400_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** @param repeatable their values are joined by commas @throws GatewayError `invalid_request` */
export function readParameters(
  url: string,
  known: readonly string[],
  repeatable: readonly string[] = [],
): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URL(url).searchParams) {
    if (!known.includes(name)) throw invalid(null, `Known parameters: ${known.join(", ")}.`);
    const before = parameters.get(name);
    if (before !== undefined && !repeatable.includes(name)) throw invalid(name, "It stands twice.");
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return parameters;
}

const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** ms since 1970; null if it was not given. @throws GatewayError `invalid_request` */
export function parseTime(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  // A plus sign that nobody encoded arrives as a space.
  const time = TIME.test(text.replace(" ", "+")) ? Date.parse(text.replace(" ", "+")) : Number.NaN;
  if (Number.isNaN(time)) {
    throw invalid(
      name,
      "It is a date (2026-11-23, UTC) or an RFC 3339 time (2026-11-23T14:00:00Z).",
    );
  }
  return time;
}

/** @throws GatewayError `invalid_request` */
export function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid("limit", `It is 1 to ${MAX_LIMIT}.`);
  return limit;
}

/** The refusal that names the parameter. */
export function invalid(field: string | null, hint: string): GatewayError {
  return new GatewayError("invalid_request", field === null ? { hint } : { field, hint });
}

/** `from` and `to`; by default the last 30 days. @throws GatewayError `invalid_request` */
export function parseRange(parameters: ReadonlyMap<string, string>, nowMs: number) {
  const toMs = parseTime("to", parameters.get("to")) ?? nowMs + 1;
  const fromMs = parseTime("from", parameters.get("from")) ?? toMs - DEFAULT_RANGE_MS;
  if (fromMs >= toMs) throw invalid("from", "It must lie before `to`.");
  return { fromMs, toMs };
}

/** A ledger row's id. @throws GatewayError `invalid_request` */
export function parseCursor(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) {
    throw invalid("cursor", "It is the `next_cursor` of the page before.");
  }
  return text;
}
