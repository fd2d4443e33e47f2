/** `/spend`: any grouping and filter of the ledger, against the period before; and its rows as a file. */
import { ask, mendable, type ApiRefusal } from "../../api.ts";
import { rangeQuery, readRange, type Range } from "../../range.ts";
import type { Page, Route, Visit } from "../../visit.ts";
import { sendCsv } from "./csv.ts";
import { apiFilters, readQuestion } from "./query.ts";
import { spendView, type SpendFacts } from "./view.tsx";

export const spendRoutes: readonly Route[] = [
  { path: "/spend", area: "spend", show },
  { path: "/spend.csv", area: "spend", show: sendCsv },
];

const MAX_SHOWN = 100;
/** Steps × groups of the chart. */
const MAX_GROUPS = 1_000;

async function show(visit: Visit): Promise<Page> {
  const range = readRange(visit.query, visit.nowMs);
  const question = readQuestion(visit);
  try {
    const facts = await read(visit, range, question);
    return { title: "Spend", body: spendView(visit, { range, question, ...facts, refusal: null }) };
  } catch (error) {
    const refusal: ApiRefusal = mendable(error);
    const nothing = { report: null, before: null, course: null };
    return {
      title: "Spend",
      status: 400,
      body: spendView(visit, { range, question, ...nothing, refusal: refusal.message }),
    };
  }
}

async function read(
  { api }: Visit,
  range: Range,
  { groupBy, filters }: SpendFacts["question"],
): Promise<Pick<SpendFacts, "report" | "before" | "course">> {
  const where = apiFilters(filters);
  const report = (of: Pick<Range, "fromMs" | "toMs">, groups: readonly string[], limit: number) =>
    ask(
      api.spend.get({
        query: { ...rangeQuery(of), ...where, group_by: groups.join(","), limit: String(limit) },
      }),
    );
  // By the first group over time, unless time is what it is grouped by.
  const [first = "user"] = groupBy;
  const isByTime = first === "day" || first === "hour";
  const courseGroups = isByTime ? [range.step] : [first, range.step];
  const [now, before, course] = await Promise.all([
    report(range, groupBy, MAX_SHOWN),
    report(range.before, groupBy, MAX_GROUPS),
    report(range, courseGroups, MAX_GROUPS),
  ]);
  return { report: now, before, course };
}
