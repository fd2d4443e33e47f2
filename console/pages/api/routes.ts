/** `/api`: where the API is described, and how to sign in there. */
import type { Page, Route, Visit } from "../../visit.ts";
import { apiView } from "./view.tsx";

export const apiRoutes: readonly Route[] = [{ path: "/api", area: null, show }];

function show(visit: Visit): Page {
  return { title: "API", body: apiView(visit) };
}
