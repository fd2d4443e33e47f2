/** `/spend`: any grouping and filter of the ledger, against the period before; and its rows as a file. */
import { ask, mendable, type ApiRefusal } from "../../api.ts";
import { hasAll } from "../../components/later.tsx";
import { rangeQuery, readRange, stepsOf, type Range } from "../../range.ts";
import type { Answer, Page, Route, Visit } from "../../visit.ts";
import { seriesOf, wholeSeries } from "./course.ts";
import { courseView, type CourseFacts } from "./course-view.tsx";
import { sendCsv, sendGroupsCsv } from "./csv.ts";
import {
  apiFilters,
  isByTime,
  isLong,
  labelOf,
  nameIn,
  readQuestion,
  type SpendQuestion,
} from "./query.ts";
import { answerView, refusalView, spendView, type SpendAnswer, type SpendFacts } from "./view.tsx";

export const spendRoutes: readonly Route[] = [
  { path: "/spend", area: "spend", show },
  { path: "/spend/answer", area: "spend", show: showAnswer },
  { path: "/spend/course", area: "spend", show: showCourse },
  { path: "/spend.csv", area: "spend", show: sendCsv },
  { path: "/spend/groups.csv", area: "spend", show: sendGroupsCsv },
];

const MAX_SHOWN = 100;
/** Of the period before: a group that is not among them was not costly then. */
const MAX_BEFORE = 200;
/** Steps × groups. */
const MAX_GROUPS = 1_000;
/** Series that are named; the rest is one. */
const MAX_NAMED = 5;

async function show(visit: Visit): Promise<Page> {
  const range = readRange(visit.query, visit.nowMs);
  const question = readQuestion(visit);
  const body = (outcome: Pick<SpendFacts, "answer" | "refusal">) =>
    spendView(visit, { range, question, ...outcome });
  if (isLong(question, visit.nowMs - range.fromMs) && !hasAll(visit)) {
    return { title: "Spend", body: body({ answer: "later", refusal: null }) };
  }
  try {
    const answer = await readAnswer(visit, range, question);
    return { title: "Spend", body: body({ answer, refusal: null }) };
  } catch (error) {
    const { message }: ApiRefusal = mendable(error);
    return { title: "Spend", status: 400, body: body({ answer: null, refusal: message }) };
  }
}

async function showAnswer(visit: Visit): Promise<Answer> {
  const range = readRange(visit.query, visit.nowMs);
  const question = readQuestion(visit);
  try {
    const answer = await readAnswer(visit, range, question);
    return { piece: answerView(visit, { range, question, answer }) };
  } catch (error) {
    return { piece: refusalView(mendable(error).message) };
  }
}

async function readAnswer(
  visit: Visit,
  range: Range,
  question: SpendQuestion,
): Promise<SpendAnswer> {
  const report = (
    of: Pick<Range, "fromMs" | "toMs">,
    by: Readonly<Record<string, string>>,
    limit: number,
  ) =>
    ask(
      visit.api.spend.get({
        query: {
          ...rangeQuery(of),
          ...apiFilters(question.filters),
          ...by,
          limit: String(limit),
        },
      }),
    );
  const by = { group_by: question.groupBy.join(",") };
  const [now, before, course] = await Promise.all([
    report(range, by, MAX_SHOWN),
    report(range.before, isByTime(question) ? {} : by, MAX_BEFORE),
    hasAll(visit) ? readCourse(visit, range, question) : null,
  ]);
  return { report: now, before, isBeforeWhole: before.groups.length < MAX_BEFORE, course };
}

async function showCourse(visit: Visit): Promise<Answer> {
  const range = readRange(visit.query, visit.nowMs);
  return { piece: courseView(visit, await readCourse(visit, range, readQuestion(visit))) };
}

/** By the first group over time, unless time is what it is grouped by. */
async function readCourse(
  { api }: Visit,
  range: Range,
  { groupBy, filters }: SpendQuestion,
): Promise<CourseFacts> {
  const [first = "user"] = groupBy;
  const steps = stepsOf(range, range.step);
  const read = (
    group: string,
    further: Readonly<Record<string, string>> = {},
    limit = MAX_GROUPS,
  ) =>
    ask(
      api.spend.get({
        query: {
          ...rangeQuery(range),
          ...apiFilters(filters),
          ...further,
          group_by: group,
          limit: String(limit),
        },
      }),
    );
  const facts = { range, by: first, steps };
  if (isByTime({ groupBy: [first] })) {
    const whole = await read(range.step);
    return { ...facts, series: seriesOf(whole.groups, steps, () => "Spend") };
  }
  const nameOf = (name: string | null) => name ?? `No ${labelOf(first).toLowerCase()}`;
  const isFiltered = Object.keys(filters).length > 0 || first.startsWith("metadata.");
  if (isFiltered) {
    const { groups } = await read(`${first},${range.step}`);
    return { ...facts, series: seriesOf(groups, steps, (group) => nameOf(nameIn(group, first))) };
  }
  // All names by all steps would be too many groups: one question for each series that is named.
  const [whole, top] = await Promise.all([read(range.step), read(first, {}, MAX_NAMED)]);
  const named = await Promise.all(
    top.groups.map(async (group) => {
      const name = nameIn(group, first);
      const { groups } = await read(range.step, { [first]: name ?? "" });
      return { name: nameOf(name), groups };
    }),
  );
  return { ...facts, series: wholeSeries(whole.groups, named, steps) };
}
