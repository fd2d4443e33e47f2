/** `/traces`: requests, looked for by what is known of them; `/traces/:id`: one of them, attempt by attempt. */
import { ask, mendable } from "../../api.ts";
import { hasAll } from "../../components/later.tsx";
import { isLong, rangeQuery, readRange } from "../../range.ts";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import {
  foundView,
  refusalView,
  SearchLater,
  tracesView,
  type Question,
  type TracesAnswer,
} from "./list-view.tsx";
import { activeFilters, apiFilters, parseTraceId, readFilters } from "./query.ts";
import { traceView } from "./trace-view.tsx";

export const traceRoutes: readonly Route[] = [
  { path: "/traces", area: "traces", show: showAll },
  { path: "/traces/:id", area: "traces", show: showOne },
];

const PAGE_ROWS = "50";
/** Rows are looked through: for a rare one, all of the range. */
const USUAL_RANGE = "24h";

async function showAll(visit: Visit): Promise<Answer> {
  const { query } = visit;
  const wanted = query.get("id")?.trim() ?? "";
  const id = parseTraceId(wanted);
  if (id !== null) return goTo(`/traces/${id}`);
  const question = {
    range: readRange(query, visit.nowMs, USUAL_RANGE),
    filters: readFilters(query),
    wanted,
  };
  if (wanted !== "") {
    return refuse(visit, question, "A trace's id is 32 hex digits, as in x-anyray-trace-id.");
  }
  const isSearch = activeFilters(question.filters).length > 0 && isLong(question.range);
  const isPart = query.get("part") === "found";
  if (isSearch && !isPart && !hasAll(visit)) {
    return { title: "Traces", body: tracesView(visit, question, <SearchLater visit={visit} />) };
  }
  try {
    const found = foundView(visit, question, await search(visit, question));
    return isPart
      ? { piece: found }
      : { title: "Traces", body: tracesView(visit, question, found) };
  } catch (error) {
    return refuse(visit, question, mendable(error).message, isPart);
  }
}

function refuse(visit: Visit, question: Question, message: string, isPart = false): Answer {
  const notice = refusalView(message);
  if (isPart) return { piece: notice };
  return { title: "Traces", status: 400, body: tracesView(visit, question, notice) };
}

function search({ api, query }: Visit, { range, filters }: Question): Promise<TracesAnswer> {
  const cursor = query.get("cursor");
  return ask(
    api.traces.get({
      query: {
        ...rangeQuery(range),
        ...apiFilters(filters),
        limit: PAGE_ROWS,
        ...(cursor === null ? {} : { cursor }),
      },
    }),
  );
}

async function showOne(visit: Visit): Promise<Page> {
  const id = visit.params["id"] ?? "";
  const trace = await ask(visit.api.traces({ id: encodeURIComponent(id) }).get());
  return { title: trace.spans[0]?.name ?? "Trace", body: traceView(visit, trace) };
}
