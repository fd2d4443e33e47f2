/** Who may look at `/docs`, `/metrics` and the inside of `/readyz`. The admin plane itself: `admin/group.ts`. */
import { isSameSecret, notSignedIn } from "../accounts/access.ts";
import { mayDo } from "../accounts/roles.ts";
import type { Deps } from "../deps.ts";
import { bearerToken } from "../pipeline/authenticate.ts";

/** Whoever may read what the gateway's own state is. */
export async function mayReadHealth(deps: Deps, request: Request): Promise<boolean> {
  const actor = await deps.access.find(bearerOf(request));
  return actor !== null && mayDo(actor.role, "health", false);
}

/** Anyone who is signed in; the admin token and keys of the admin API also as the password of Basic. @throws (rejects with) GatewayError `unauthenticated` */
export async function requireReader(deps: Deps, request: Request): Promise<void> {
  const secret = basicPassword(request.headers.get("authorization")) ?? bearerOf(request);
  if ((await deps.access.find(secret)) === null) {
    throw notSignedIn('Basic realm="Anyray", charset="UTF-8"');
  }
}

/** @throws (rejects with) GatewayError `unauthenticated` */
export async function requireMetricsToken(deps: Deps, request: Request): Promise<void> {
  if (isSameSecret(bearerOf(request), deps.metricsToken)) return;
  if (!(await mayReadHealth(deps, request))) throw notSignedIn("Bearer");
}

function bearerOf(request: Request): string | null {
  return bearerToken(request.headers.get("authorization"));
}

function basicPassword(authorization: string | null): string | null {
  if (authorization === null || !/^basic /i.test(authorization)) return null;
  try {
    const text = atob(authorization.slice(6).trim());
    const colon = text.indexOf(":");
    return colon < 0 ? null : text.slice(colon + 1);
  } catch {
    return null;
  }
}
