/** `/`: what happened lately, at one glance; for those whose role does not open it, the first page that it does. */
import { homeOf } from "../../nav.ts";
import { canRead, goTo, type Answer, type Route, type Visit } from "../../visit.ts";
import { overviewView } from "./view.tsx";

export const overviewRoutes: readonly Route[] = [{ path: "/", area: null, show }];

function show(visit: Visit): Answer {
  if (!canRead(visit, "spend")) return goTo(homeOf(visit.who));
  return { title: "Overview", body: overviewView() };
}
