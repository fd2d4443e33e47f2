/** The console as one function from Request to Response. Puts pages together; holds no logic. */
import { Elysia } from "elysia";
import { answerAsset } from "./assets.ts";
import { guard } from "./guard.ts";
import { SECURITY_HEADERS } from "./headers.ts";
import { answerRoute, crossSite, notFound, wrongHost, type ConsoleDeps } from "./page.tsx";
import { routes } from "./pages/index.ts";
import { signInRoutes } from "./pages/sign-in/routes.tsx";

export interface ConsoleApp {
  fetch(request: Request): Promise<Response>;
}

/** Any page that is none; asks for the sign-in first, so that strangers learn nothing of what there is. */
const NOWHERE = { path: "*", area: null, show: notFound, act: notFound } as const;

export function createConsole(deps: ConsoleDeps): ConsoleApp {
  // `standardHostname`: the framework would otherwise read the path from a fixed offset.
  const app = new Elysia({ handler: { standardHostname: false }, normalize: false });
  app.use(signInRoutes(deps));
  for (const route of [...routes, NOWHERE]) {
    const answer = (context: { request: Request; params: Record<string, string> }) =>
      answerRoute(deps, route, context.request, context.params);
    // The form is read where it is wanted.
    app.get(route.path, answer).post(route.path, answer, { parse: "none" });
  }
  const handle = app.compile().fetch;
  return {
    async fetch(request) {
      // Built of the `Host` header: none where that is no host.
      const pathname = URL.parse(request.url)?.pathname ?? null;
      if (pathname === null) return wrongHost(400);
      if (pathname === "/livez") return new Response("ok\n");
      const refusal = guard(request, deps.publicUrl);
      if (refusal === "wrong_host") return wrongHost(421);
      if (refusal === "cross_site") return crossSite();
      const asset = pathname.startsWith("/static/") ? answerAsset(pathname) : null;
      return secured(asset ?? (await handle(request)));
    },
  };
}

/** Redirects and files carry them, too. */
function secured(response: Response): Response {
  for (const [name, value] of SECURITY_HEADERS) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}
