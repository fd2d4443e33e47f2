/** What the Traces page was asked for, in its address, and how the API takes it. */
import { NONE } from "../spend/query.ts";

const NAMES = ["user", "team", "model", "provider", "session"] as const;
const FILTERS = [...NAMES, "outcome", "status", "min_latency_ms", "min_cost_usd"] as const;
export type FilterName = (typeof FILTERS)[number];
export type Filters = Partial<Record<FilterName, string>>;

const LABELS: Readonly<Record<FilterName, string>> = {
  user: "User",
  team: "Team",
  model: "Model",
  provider: "Provider",
  session: "Session",
  outcome: "Outcome",
  status: "Status",
  min_latency_ms: "Took at least (ms)",
  min_cost_usd: "Cost at least ($)",
};

export function labelOf(name: FilterName): string {
  return LABELS[name];
}

/** An empty field of the form asks for nothing. */
export function readFilters(query: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = query.get(name)?.trim() ?? "";
    if (value !== "") filters[name] = value;
  }
  return filters;
}

export function activeFilters(filters: Filters): readonly (readonly [FilterName, string])[] {
  return FILTERS.flatMap((name) => {
    const value = filters[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** As the API takes them: an empty name asks for requests without one. */
export function apiFilters(filters: Filters): Filters {
  return Object.fromEntries(
    activeFilters(filters).map(([name, value]) => [
      name,
      value === NONE && NAMES.some((each) => each === name) ? "" : value,
    ]),
  );
}

/** The id of a trace, as it stands in `x-anyray-trace-id` or, after `req_`, in `x-request-id`; null for anything else. */
export function parseTraceId(text: string | null): string | null {
  return /^(?:req_)?([0-9a-f]{32})$/.exec(text?.trim().toLowerCase() ?? "")?.[1] ?? null;
}
