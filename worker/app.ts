/** The gateway as one function from Request to Response. Puts routes together; holds no logic. */
import { Elysia } from "elysia";
import type { Deps } from "./deps.ts";
import { accountRoutes } from "./routes/admin/accounts.ts";
import { auditRoutes } from "./routes/admin/audit.ts";
import { capRoutes } from "./routes/admin/caps.ts";
import { inviteRoutes } from "./routes/admin/invites.ts";
import { keyRoutes } from "./routes/admin/keys.ts";
import { limitRoutes } from "./routes/admin/limits.ts";
import { peopleRoutes } from "./routes/admin/people.ts";
import { privacyRoutes } from "./routes/admin/privacy.ts";
import { providerRoutes } from "./routes/admin/providers.ts";
import { stateRoutes } from "./routes/admin/health.ts";
import { sessionRoutes } from "./routes/admin/session.ts";
import { spendRoutes } from "./routes/admin/spend.ts";
import { subjectRoutes } from "./routes/admin/subjects.ts";
import { traceRoutes } from "./routes/admin/traces.ts";
import { docsRoutes } from "./routes/docs.ts";
import { answerError, methodTable } from "./routes/errors.ts";
import { healthRoutes } from "./routes/health.ts";
import { invitePages } from "./routes/invites.ts";
import { meRoutes } from "./routes/me.ts";
import { v1Routes } from "./routes/v1.ts";

/**
 * `standardHostname: false`: the framework otherwise reads the path from a fixed offset, and a short `Host` would lead
 * around the admin plane's guard.
 */
const OPTIONS = {
  handler: { standardHostname: false },
  // Bodies as they were sent: the framework would make an object of a list.
  normalize: false,
};

/** The routes that the API description covers; also the type that typed clients are made from. */
export function apiRoutes(deps: Deps) {
  return new Elysia(OPTIONS)
    .use(healthRoutes(deps))
    .use(v1Routes(deps))
    .use(spendRoutes(deps))
    .use(privacyRoutes(deps))
    .use(subjectRoutes(deps))
    .use(auditRoutes(deps))
    .use(traceRoutes(deps))
    .use(keyRoutes(deps))
    .use(inviteRoutes(deps))
    .use(capRoutes(deps))
    .use(limitRoutes(deps))
    .use(peopleRoutes(deps))
    .use(sessionRoutes(deps))
    .use(accountRoutes(deps))
    .use(providerRoutes(deps))
    .use(stateRoutes(deps))
    .use(meRoutes(deps));
}
export type Api = ReturnType<typeof apiRoutes>;

export interface App {
  fetch(request: Request): Promise<Response>;
}

export function createApp(deps: Deps): App {
  const routes = apiRoutes(deps);
  const docs = docsRoutes(deps, routes);
  const invites = invitePages(deps);
  const allowed = methodTable([...routes.routes, ...invites.routes, ...docs.routes]);
  const app = new Elysia(OPTIONS)
    // First: an error hook covers only the routes that come after it.
    .onError(({ code, error, request }) => answerError(deps, request, code, error, allowed))
    .use(routes)
    .use(invites)
    .use(docs);
  // Taken once: the getter composes the handler anew each time it is read.
  const handle = app.compile().fetch;
  return { fetch: async (request) => handle(request) };
}
