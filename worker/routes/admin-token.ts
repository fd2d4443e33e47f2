/** Who may use the admin plane: whoever holds the admin token, as Bearer; for `/docs` also as the password of Basic. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Deps } from "../deps.ts";
import { GatewayError } from "../errors.ts";
import { bearerToken } from "../pipeline/authenticate.ts";

export function isAdmin(deps: Deps, request: Request): boolean {
  return isSame(bearerToken(request.headers.get("authorization")), deps.adminToken);
}

/** @throws GatewayError `unauthenticated` */
export function requireAdmin(deps: Deps, request: Request): void {
  if (!isAdmin(deps, request)) throw refused("Bearer");
}

/** @throws GatewayError `unauthenticated`, with the challenge that makes a browser ask */
export function requireReader(deps: Deps, request: Request): void {
  const password = basicPassword(request.headers.get("authorization"));
  if (!isAdmin(deps, request) && !isSame(password, deps.adminToken)) {
    throw refused('Basic realm="Anyray", charset="UTF-8"');
  }
}

/** @throws GatewayError `unauthenticated` */
export function requireMetricsToken(deps: Deps, request: Request): void {
  const token = bearerToken(request.headers.get("authorization"));
  if (!isSame(token, deps.metricsToken) && !isAdmin(deps, request)) throw refused("Bearer");
}

function refused(challenge: string): GatewayError {
  return new GatewayError("unauthenticated", {
    hint: "The admin plane takes `Authorization: Bearer` with ANYRAY_ADMIN_TOKEN.",
    headers: { "www-authenticate": challenge },
  });
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

/** In constant time, whatever the lengths. */
function isSame(given: string | null, secret: string | null): boolean {
  if (given === null || secret === null || secret === "") return false;
  return timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
