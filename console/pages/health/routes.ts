/** `/health`: how the gateway is. */
import { ask } from "../../api.ts";
import type { Page, Route, Visit } from "../../visit.ts";
import { healthView } from "./view.tsx";

export const healthRoutes: readonly Route[] = [{ path: "/health", area: "health", show }];

async function show(visit: Visit): Promise<Page> {
  const report = await ask(visit.api.health.get());
  return { title: "Health", body: healthView(report, visit) };
}
