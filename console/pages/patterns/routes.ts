/** `/patterns`: every component in every state, for whoever builds pages. Shows made-up figures alone. */
import type { Route, Visit } from "../../visit.ts";
import { patternsView } from "./view.tsx";

export const patternRoutes: readonly Route[] = [
  {
    path: "/patterns",
    area: null,
    show: (visit: Visit) => ({ title: "Patterns", body: patternsView(visit) }),
  },
];
