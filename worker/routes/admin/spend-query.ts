/** The query strings of the spend routes: every parameter is known and every value checked, or the request is refused. */
import {
  LEDGER_FILTERS,
  SPEND_GROUPS,
  type LedgerFilter,
  type LedgerQuery,
  type MetadataValue,
  type RecordsQuery,
  type SpendGroup,
  type SpendQuery,
} from "../../../db/store.ts";
import { DIALECTS, ENDPOINTS, OPAQUE_ENDPOINTS, OUTCOMES, USAGE_SOURCES } from "../../chat.ts";
import { invalid, parseCursor, parseLimit, parseRange, readParameters } from "./query.ts";

/** Filters whose values are closed lists. */
const CHOICES: Partial<Record<LedgerFilter, readonly string[]>> = {
  credential: ["managed", "passthrough"],
  attribution: ["key", "header", "none"],
  endpoint: [...ENDPOINTS, ...OPAQUE_ENDPOINTS],
  dialect: DIALECTS,
  outcome: OUTCOMES,
  usage_source: USAGE_SOURCES,
};
const BOOLEANS: ReadonlySet<string> = new Set(["stream", "unpriced"]);

const FILTERS = [...LEDGER_FILTERS, "model"] as const;
type Filter = (typeof FILTERS)[number] | MetadataValue;

/** What the keys of `ANYRAY_METADATA_KEYS` are called in a query. */
export function metadataNames(keys: readonly string[]): MetadataValue[] {
  return keys.map((key) => `metadata.${key}` as const);
}

/**
 * @param kept the metadata that may be asked for
 * @throws GatewayError `invalid_request` naming the parameter
 */
export function parseSpendQuery(
  url: string,
  nowMs: number,
  kept: readonly MetadataValue[],
): SpendQuery {
  const filters = [...FILTERS, ...kept];
  const parameters = readParameters(
    url,
    ["from", "to", "tz", "limit", "group_by", "format", ...filters],
    ["group_by"],
  );
  return {
    ...parseRange(parameters, nowMs),
    where: parseWhere(parameters, filters),
    limit: parseLimit(parameters.get("limit")),
    timeZone: parseTimeZone(parameters.get("tz")),
    groupBy: parseGroups(parameters.get("group_by"), [...SPEND_GROUPS, ...kept]),
  };
}

/**
 * @param kept the metadata that may be asked for
 * @throws GatewayError `invalid_request` naming the parameter
 */
export function parseRecordsQuery(
  url: string,
  nowMs: number,
  kept: readonly MetadataValue[],
): RecordsQuery {
  const filters = [...FILTERS, ...kept];
  const parameters = readParameters(url, ["from", "to", "limit", "cursor", "format", ...filters]);
  return {
    ...parseRange(parameters, nowMs),
    where: parseWhere(parameters, filters),
    limit: parseLimit(parameters.get("limit")),
    beforeId: parseCursor(parameters.get("cursor")),
  };
}

/** @throws GatewayError `invalid_request` */
export function parseFormat(request: Request): "json" | "csv" {
  const format = new URL(request.url).searchParams.get("format");
  if (format === "csv" || format === "json") return format;
  if (format !== null) throw invalid("format", "It is `json` or `csv`.");
  return request.headers.get("accept")?.startsWith("text/csv") === true ? "csv" : "json";
}

function parseTimeZone(text: string | undefined): string {
  if (text === undefined) return "UTC";
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw invalid("tz", "It is an IANA time zone, such as Europe/Berlin.");
  }
}

function parseGroups(text: string | undefined, known: readonly SpendGroup[]): SpendGroup[] {
  if (text === undefined) return [];
  const groups: SpendGroup[] = [];
  for (const name of text.split(",")) {
    const group = known.find((candidate) => candidate === name);
    if (group === undefined) throw invalid("group_by", `It is one or more of ${known.join(", ")}.`);
    if (groups.includes(group)) throw invalid("group_by", "A name stands twice.");
    groups.push(group);
  }
  return groups;
}

/** An empty value asks for the unattributed. @throws GatewayError `invalid_request` naming the filter */
export function parseWhere(
  parameters: ReadonlyMap<string, string>,
  names: readonly Filter[],
): LedgerQuery["where"] {
  const where: LedgerQuery["where"] = {};
  for (const name of names) {
    const text = parameters.get(name);
    if (text !== undefined) where[name] = parseFilter(name, text);
  }
  return where;
}

function parseFilter(name: Filter, text: string): string | number | boolean | null {
  if (BOOLEANS.has(name)) {
    if (text !== "true" && text !== "false") throw invalid(name, "It is true or false.");
    return text === "true";
  }
  if (text === "") return null;
  if (name === "status") {
    if (!/^\d{3}$/.test(text)) throw invalid(name, "It is an HTTP status.");
    return Number(text);
  }
  const choices = Object.hasOwn(CHOICES, name) ? CHOICES[name as LedgerFilter] : undefined;
  if (choices !== undefined && !choices.includes(text)) {
    throw invalid(name, `It is one of ${choices.join(", ")}.`);
  }
  return text;
}
