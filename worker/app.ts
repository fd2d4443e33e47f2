/** The gateway as one function from Request to Response. Puts routes together; holds no logic. */
import { Elysia } from "elysia";
import type { Deps } from "./deps.ts";
import { GatewayError } from "./errors.ts";
import { Strangers } from "./limits/strangers.ts";
import { notSignedIn } from "./accounts/access.ts";
import { bearerToken } from "./pipeline/authenticate.ts";
import { tooLarge } from "./pipeline/read-body.ts";
import { errorAnswer, toGatewayError } from "./pipeline/respond.ts";
import { accountRoutes } from "./routes/admin/accounts.ts";
import { auditRoutes } from "./routes/admin/audit.ts";
import { capRoutes } from "./routes/admin/caps.ts";
import { inviteRoutes } from "./routes/admin/invites.ts";
import { keyRoutes } from "./routes/admin/keys.ts";
import { latencyRoutes } from "./routes/admin/latency.ts";
import { limitRoutes } from "./routes/admin/limits.ts";
import { liveRoutes } from "./routes/admin/live.ts";
import { peopleRoutes } from "./routes/admin/people.ts";
import { priceRoutes } from "./routes/admin/prices.ts";
import { privacyRoutes } from "./routes/admin/privacy.ts";
import { providerRoutes } from "./routes/admin/providers.ts";
import { retentionRoutes } from "./routes/admin/retention.ts";
import { routeRoutes } from "./routes/admin/routes.ts";
import { stateRoutes } from "./routes/admin/health.ts";
import { sessionRoutes } from "./routes/admin/session.ts";
import { spendRoutes } from "./routes/admin/spend.ts";
import { subjectRoutes } from "./routes/admin/subjects.ts";
import { traceRoutes } from "./routes/admin/traces.ts";
import { docsRoutes } from "./routes/docs.ts";
import { answerError, errorsFor, methodTable } from "./routes/errors.ts";
import { healthRoutes } from "./routes/health.ts";
import { invitePages } from "./routes/invites.ts";
import { meRoutes } from "./routes/me.ts";
import { opaqueRoutes } from "./routes/opaque.ts";
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
    .use(opaqueRoutes(deps))
    .use(spendRoutes(deps))
    .use(privacyRoutes(deps))
    .use(retentionRoutes(deps))
    .use(subjectRoutes(deps))
    .use(auditRoutes(deps))
    .use(traceRoutes(deps))
    .use(liveRoutes(deps))
    .use(keyRoutes(deps))
    .use(inviteRoutes(deps))
    .use(capRoutes(deps))
    .use(limitRoutes(deps))
    .use(peopleRoutes(deps))
    .use(latencyRoutes(deps))
    .use(sessionRoutes(deps))
    .use(accountRoutes(deps))
    .use(providerRoutes(deps))
    .use(routeRoutes(deps))
    .use(priceRoutes(deps))
    .use(stateRoutes(deps))
    .use(meRoutes(deps));
}
export type Api = ReturnType<typeof apiRoutes>;

export interface App {
  /** @param peer the other end's address, asked for only where a credential is refused; null: not known */
  fetch(request: Request, peer?: () => string | null): Promise<Response>;
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
  const strangers = new Strangers(() => deps.clock.monotonic());
  return {
    async fetch(request, peer) {
      const refused = refuseUnread(deps, request);
      const response = (refused === null ? null : await refused) ?? (await handle(request));
      if (response.status !== 401 || peer === undefined || !sentCredential(request))
        return response;
      return refuseStranger(deps, strangers, request, response, peer());
    },
  };
}

/**
 * The framework reads and parses the body of an admin route before the route's own guard runs. Strangers' bodies must not cost that: they
 * may be as large as any; those of others are bounded, too. The sign-in has no guard, and reads its own. Null: go on. No promise for what
 * is no such request.
 */
function refuseUnread(deps: Deps, request: Request): Response | Promise<Response | null> | null {
  // Once: the runtime makes a new text of it each time.
  const { method, url } = request;
  // It is built of the `Host` header. Where that is none, its readers would see different paths in it, or throw.
  if (!URL.canParse(url)) {
    return refusal(deps, request, new GatewayError("invalid_request", { field: "host" }));
  }
  // No name holds a NUL, and Postgres can't even be asked for one that does.
  if (url.includes("%00")) return refusal(deps, request, new GatewayError("invalid_request"));
  if (method === "GET" || !url.includes("/admin/")) return null;
  const { pathname } = new URL(url);
  if (!pathname.startsWith("/admin/") || pathname === "/admin/session") return null;
  return deps.access.find(bearerToken(request.headers.get("authorization"))).then(
    (actor) => {
      if (actor === null) return refusal(deps, request, notSignedIn("Bearer"));
      const announced = Number(request.headers.get("content-length"));
      const { maxBodyBytes } = deps.limits;
      return announced > maxBodyBytes ? refusal(deps, request, tooLarge(maxBodyBytes)) : null;
    },
    (error) => refusal(deps, request, toGatewayError(deps, error, deps.ids.traceId())),
  );
}

function refusal(deps: Deps, request: Request, error: GatewayError): Response {
  deps.counters.add("anyray_refused_total", `code="${error.code}"`);
  return errorAnswer(error, errorsFor(request), deps.ids.traceId());
}

/** Whoever sends none guesses nothing. */
function sentCredential({ headers, url }: Request): boolean {
  const isSent = ["authorization", "x-api-key", "x-anyray-api-key"].some((name) =>
    headers.has(name),
  );
  return isSent || new URL(url).pathname === "/admin/session";
}

/** The refusal itself, or, after too many, that they should wait. A provider's own 401 is none of ours. */
function refuseStranger(
  deps: Deps,
  strangers: Strangers,
  request: Request,
  response: Response,
  address: string | null,
): Response {
  if (address === null || response.headers.get("x-anyray-error-source") !== "gateway") {
    return response;
  }
  const waitS = strangers.failed(address);
  if (waitS === null) return response;
  const error = new GatewayError("rate_limited", {
    hint: "Too many credentials that are none came from this address.",
    headers: { "retry-after": String(waitS) },
  });
  return refusal(deps, request, error);
}
