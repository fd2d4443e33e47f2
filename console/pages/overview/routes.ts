/** `/`: what happened lately, at one glance; for those whose role does not open it, the first page that it does. */
import { ask } from "../../api.ts";
import { homeOf } from "../../nav.ts";
import { rangeQuery, readRange, type Range } from "../../range.ts";
import { canRead, goTo, type Answer, type Route, type Visit } from "../../visit.ts";
import { figuresOf } from "./figures.ts";
import { overviewView } from "./view.tsx";

export const overviewRoutes: readonly Route[] = [{ path: "/", area: null, show }];

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
  const top = (group: "user" | "team" | "model") =>
    ask(api.spend.get({ query: { ...rangeQuery(range), group_by: group, limit: String(TOP) } }));
  const [now, before, users, teams, models, latency] = await Promise.all([
    outcomes(range),
    outcomes(range.before),
    top("user"),
    top("team"),
    top("model"),
    ask(api.latency.get({ query: rangeQuery(range) })),
  ]);
  const body = overviewView(visit, {
    range,
    now: figuresOf(now.groups, range, range.step),
    before: figuresOf(before.groups, range.before, range.step),
    users: users.groups,
    teams: teams.groups,
    models: models.groups,
    latency,
  });
  return { title: "Overview", body };
}
