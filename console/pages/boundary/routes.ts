/** `/boundary`: every place that the gateway may connect to, why, and what has passed. */
import { ask } from "../../api.ts";
import type { Page, Route, Visit } from "../../visit.ts";
import { boundaryView } from "./view.tsx";

export const boundaryRoutes: readonly Route[] = [{ path: "/boundary", area: "health", show }];

async function show(visit: Visit): Promise<Page> {
  const report = await ask(visit.api.boundary.get());
  return { title: "Boundary", body: boundaryView(visit, report) };
}
