/** What the Spend page was asked for, in its address: how to group, what to filter by, and which range. */
import type { Visit } from "../../visit.ts";

/** Groups that people think in, first; the API's own list decides which there are. */
export const GROUP_LABELS: Readonly<Record<string, string>> = {
  user: "User",
  team: "Team",
  model: "Model",
  provider: "Provider",
  key_id: "Key",
  session: "Session",
  endpoint: "Endpoint",
  outcome: "Outcome",
  credential: "Credential",
  dialect: "Dialect",
  usage_source: "Usage source",
  model_requested: "Model asked for",
  model_served: "Model served",
  day: "Day",
  hour: "Hour",
};

/** Filters with a field of their own; others of the API can stand in the address, and are shown to be taken off. */
export const FIELD_FILTERS = ["user", "team", "model", "provider"] as const;
const FILTERS = [
  ...FIELD_FILTERS,
  "session",
  "key_id",
  "credential",
  "attribution",
  "model_requested",
  "model_served",
  "endpoint",
  "dialect",
  "outcome",
  "status",
  "usage_source",
  "stream",
  "unpriced",
] as const;
export type FilterName = (typeof FILTERS)[number];
export type Filters = Partial<Record<FilterName, string>>;

export interface SpendQuestion {
  /** Names of the API; one, or two at most. */
  readonly groupBy: readonly string[];
  readonly filters: Filters;
}

/** Group names the API would refuse are refused there, in its words. */
export function readQuestion({ query }: Visit): SpendQuestion {
  const groups = query.getAll("group_by").flatMap((text) => text.split(","));
  const chosen = [...new Set(groups.filter((name) => name !== ""))].slice(0, 2);
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = query.get(name);
    // An empty field of the form asks for nothing; "none" asks for what nobody is named for.
    if (value !== null && value.trim() !== "") filters[name] = value.trim();
  }
  return { groupBy: chosen.length === 0 ? ["user"] : chosen, filters };
}

/** What the gateway has no sums of: it reads the rows themselves, which takes seconds where there are millions. */
const UNSUMMED: ReadonlySet<string> = new Set([
  "session",
  "attribution",
  "status",
  "stream",
  "unpriced",
]);
/** Hours have sums for the newest days alone. */
const HOURS_SUMMED_MS = 7 * 24 * 3_600_000;

/**
 * Whether the answer may take so long that the page should stand before it.
 * @param ageMs how long ago the range begins
 */
export function isLong({ groupBy, filters }: SpendQuestion, ageMs: number): boolean {
  if (groupBy.includes("hour") && ageMs > HOURS_SUMMED_MS) return true;
  return [...groupBy, ...Object.keys(filters)].some(
    (name) => UNSUMMED.has(name) || name.startsWith("metadata."),
  );
}

/** The period before is no such time: its sum alone is asked for. */
export function isByTime({ groupBy }: Pick<SpendQuestion, "groupBy">): boolean {
  return groupBy.some((by) => by === "day" || by === "hour");
}

/** In the address and the fields: rows without one. */
export const NONE = "none";

/** As the API takes them: an empty value asks for rows without one. */
export function apiFilters(filters: Filters): Filters {
  return Object.fromEntries(
    Object.entries(filters).map(([name, value]) => [name, value === NONE ? "" : value]),
  );
}

export function labelOf(group: string): string {
  return GROUP_LABELS[group] ?? group.replace(/^metadata\./, "");
}

/** What a group of a report stands for; null: nobody is named. */
export function nameIn(group: object, by: string): string | null {
  const value: unknown = Object.entries(group).find(([name]) => name === by)?.[1];
  return typeof value === "string" ? value : null;
}
