/**
 * Which requests are let in at all: those that ask for this console by its own name, and changes that come from its own pages. A page of
 * another site, or of another port of this host, changes nothing.
 */

export type Refusal = "wrong_host" | "cross_site" | null;

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** @param publicUrl null: only by loopback names, at whatever port */
export function guard(request: Request, publicUrl: URL | null): Refusal {
  const host = request.headers.get("host");
  if (host === null || !isOwnHost(host, publicUrl)) return "wrong_host";
  if (request.method === "GET" || request.method === "HEAD") return null;
  return isOwnPage(request.headers, host, publicUrl) ? null : "cross_site";
}

function isOwnHost(host: string, publicUrl: URL | null): boolean {
  if (publicUrl !== null) return host.toLowerCase() === publicUrl.host;
  return LOOPBACK.has(host.toLowerCase().replace(/:\d{1,5}$/, ""));
}

/** A browser says at least one of the two, and neither can be set by a page's script. */
function isOwnPage(headers: Headers, host: string, publicUrl: URL | null): boolean {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === null && origin === null) return false;
  if (site !== null && site !== "same-origin") return false;
  return origin === null || origin === (publicUrl?.origin ?? `http://${host.toLowerCase()}`);
}

/** Whether a browser would keep and send the sign-in's cookie here. */
export function canSignIn(publicUrl: URL | null): boolean {
  if (publicUrl === null || publicUrl.protocol === "https:") return true;
  return LOOPBACK.has(publicUrl.hostname);
}
