/**
 * The sign-in on the browser's side: one cookie that holds the sign-in's token, bound to this host and unreadable to scripts. The console
 * keeps no list of its own: the gateway knows which sign-ins live.
 */

export const SESSION_COOKIE = "__Host-anyray";
/** As long as the gateway's own. */
const SESSION_SECONDS = 12 * 3_600;
const TOKEN = /^ans_[\w-]{16,200}$/;

export type Cookies = ReadonlyMap<string, string>;

export function parseCookies(header: string | null): Cookies {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    // The first one counts: a later one of the same name was set for a wider place.
    if (at > 0 && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}

export function readToken(cookies: Cookies): string | null {
  const token = cookies.get(SESSION_COOKIE);
  return token !== undefined && TOKEN.test(token) ? token : null;
}

/** `Secure`, so that a browser sends it over HTTPS and to its own machine, and nowhere else. */
export function sessionCookie(token: string): string {
  return `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${SESSION_SECONDS}; HttpOnly; Secure; SameSite=Lax`;
}

export function endedSessionCookie(): string {
  return `${SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`;
}

/** Where to go after the sign-in: a path of ours, whatever was asked for. */
export function returnPathOf(text: string | null): string {
  // `//host` and `/\host` are other sites to a browser.
  return text !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && text.length <= 2_000
    ? text
    : "/";
}
