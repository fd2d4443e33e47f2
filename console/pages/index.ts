/** All addresses for who is signed in. A page that is added gets its line here, and one in `nav.ts`. */
import type { Route } from "../visit.ts";
import { accountRoutes } from "./accounts/routes.ts";
import { apiRoutes } from "./api/routes.ts";
import { auditRoutes } from "./audit/routes.ts";
import { boundaryRoutes } from "./boundary/routes.ts";
import { capRoutes } from "./caps/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { inviteRoutes } from "./invites/routes.ts";
import { keyRoutes } from "./keys/routes.ts";
import { limitRoutes } from "./limits/routes.ts";
import { livePages } from "./live/routes.ts";
import { overviewRoutes } from "./overview/routes.ts";
import { patternRoutes } from "./patterns/routes.ts";
import { peopleRoutes } from "./people/routes.ts";
import { preferenceRoutes } from "./preferences/routes.tsx";
import { privacyRoutes } from "./privacy/routes.ts";
import { providerRoutes } from "./providers/routes.ts";
import { aliasRoutes } from "./aliases/routes.ts";
import { priceRoutes } from "./prices/routes.ts";
import { sessionPages } from "./sessions/routes.ts";
import { spendRoutes } from "./spend/routes.ts";
import { traceRoutes } from "./traces/routes.tsx";

export const routes: readonly Route[] = [
  ...overviewRoutes,
  ...spendRoutes,
  ...peopleRoutes,
  ...livePages,
  ...traceRoutes,
  ...sessionPages,
  ...keyRoutes,
  ...inviteRoutes,
  ...capRoutes,
  ...limitRoutes,
  ...privacyRoutes,
  ...boundaryRoutes,
  ...auditRoutes,
  ...providerRoutes,
  ...aliasRoutes,
  ...priceRoutes,
  ...accountRoutes,
  ...apiRoutes,
  ...healthRoutes,
  ...preferenceRoutes,
  ...patternRoutes,
];
