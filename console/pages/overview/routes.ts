/** `/`: what happened lately, at one glance; for those whose role does not open it, the first page that it does. */
import { ask } from "../../api.ts";
import { hasAll } from "../../components/later.tsx";
import { homeOf } from "../../nav.ts";
import { rangeQuery, readRange, type Range } from "../../range.ts";
import { canRead, goTo, type Answer, type Route, type Visit } from "../../visit.ts";
import { figuresOf } from "./figures.ts";
import { topView, type TopFacts } from "./top-view.tsx";
import { overviewView } from "./view.tsx";

export const overviewRoutes: readonly Route[] = [
  { path: "/", area: null, show },
  { path: "/overview/top", area: "spend", show: showTop },
];

const TOP = 6;
/** All outcomes of 90 days. */
const MAX_GROUPS = 1_000;

async function show(visit: Visit): Promise<Answer> {
  if (!canRead(visit, "spend")) return goTo(homeOf(visit.who));
  const { api } = visit;
  const range = readRange(visit.query, visit.nowMs);
  const outcomes = (of: Pick<Range, "fromMs" | "toMs">) =>
    ask(
      api.spend.get({
        query: {
          ...rangeQuery(of),
          group_by: `outcome,${range.step}`,
          limit: String(MAX_GROUPS),
        },
      }),
    );
  const [now, before, latency, top] = await Promise.all([
    outcomes(range),
    outcomes(range.before),
    ask(api.latency.get({ query: rangeQuery(range) })),
    hasAll(visit) ? readTop(visit, range) : null,
  ]);
  const body = overviewView(visit, {
    range,
    now: figuresOf(now.groups, range, range.step),
    before: figuresOf(before.groups, range.before, range.step),
    top,
    latency,
  });
  return { title: "Overview", body };
}

/** Who and what stands behind the figures. */
async function showTop(visit: Visit): Promise<Answer> {
  return { piece: topView(await readTop(visit, readRange(visit.query, visit.nowMs))) };
}

async function readTop({ api }: Visit, range: Range): Promise<TopFacts> {
  const top = (group: "user" | "team" | "model") =>
    ask(api.spend.get({ query: { ...rangeQuery(range), group_by: group, limit: String(TOP) } }));
  const [users, teams, models] = await Promise.all([top("user"), top("team"), top("model")]);
  return {
    range,
    total: users.totals.cost_usd,
    users: users.groups,
    teams: teams.groups,
    models: models.groups,
  };
}
