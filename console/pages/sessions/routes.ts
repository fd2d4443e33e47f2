/** `/sessions`: what belongs together, as the callers said; `/sessions/:id`: the requests of one. */
import { ask } from "../../api.ts";
import { hasAll } from "../../components/later.tsx";
import { isLong, rangeQuery, readRange } from "../../range.ts";
import type { Answer, Page, Route, Visit } from "../../visit.ts";
import { sessionsView, sessionTable } from "./list-view.tsx";
import { sessionView } from "./session-view.tsx";

export const sessionPages: readonly Route[] = [
  { path: "/sessions", area: "traces", show: showAll },
  { path: "/sessions/:id", area: "traces", show: showOne },
];

const PAGE_SESSIONS = "50";
const PAGE_ROWS = "50";
/** Both look through rows of the ledger. */
const USUAL_RANGE = "24h";

async function showAll(visit: Visit): Promise<Answer> {
  const range = readRange(visit.query, visit.nowMs, USUAL_RANGE);
  const isPart = visit.query.get("part") === "table";
  if (isLong(range) && !isPart && !hasAll(visit)) {
    return { title: "Sessions", body: sessionsView(visit, range, null) };
  }
  const cursor = visit.query.get("cursor");
  const query = {
    ...rangeQuery(range),
    limit: PAGE_SESSIONS,
    ...(cursor === null ? {} : { cursor }),
  };
  const answer = await ask(visit.api.sessions.get({ query }));
  if (isPart) return { piece: sessionTable(visit, range, answer) };
  return { title: "Sessions", body: sessionsView(visit, range, answer) };
}

async function showOne(visit: Visit): Promise<Page> {
  const name = visit.params["id"] ?? "";
  const range = readRange(visit.query, visit.nowMs, USUAL_RANGE);
  const cursor = visit.query.get("cursor");
  const answer = await ask(
    visit.api.traces.get({
      query: {
        ...rangeQuery(range),
        session: name,
        limit: PAGE_ROWS,
        ...(cursor === null ? {} : { cursor }),
      },
    }),
  );
  return { title: name, body: sessionView(visit, { name, range, ...answer }) };
}
