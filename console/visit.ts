/** One request of a browser, as the pages see it: who asks, what for, and the admin API in their name. */
import type { AdminApi } from "./api.ts";
import type { Preferences } from "./preferences.ts";

type SessionAnswer = Awaited<ReturnType<AdminApi["session"]["get"]>>["data"];
/** Who is signed in, and what their role opens. */
export type SignedIn = NonNullable<SessionAnswer>;
export type Area = SignedIn["rights"]["read"][number];

export interface Visit {
  readonly url: URL;
  readonly query: URLSearchParams;
  /** From the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Where tools find the gateway: an origin, to be shown and linked to. */
  readonly gatewayUrl: string;
  /** In the name of who is signed in. */
  readonly api: AdminApi;
  /** The admin API's bytes, for files and streams: `path` begins with `/admin/`. Any status. Rejects where the gateway is away. */
  readonly raw: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;
  readonly who: SignedIn;
  readonly preferences: Preferences;
  /** ms since 1970. */
  readonly nowMs: number;
  /** What the form sent; empty for a page that is only looked at. */
  readonly form: URLSearchParams;
  /** What a page has to say after a change, once. */
  readonly said: string | null;
  /** Of the stream that the browser comes back to; null: of none. */
  readonly lastEventId: string | null;
  /** Ends when the browser is gone. */
  readonly signal: AbortSignal;
}

export interface Page {
  /** Of the window, and of the history. */
  readonly title: string;
  /** What stands in the page's middle; begins with a `PageHead`. */
  readonly body: JSX.Element;
  /** Default 200. */
  readonly status?: number;
}

/** A part that a page asked for once it stood: see `components/later.tsx`. */
export interface Piece {
  readonly piece: JSX.Element;
}

export type Answer = Page | Piece | Response;

/** One address. The area decides who sees it, and who may change something there; null: everyone who is signed in. */
export interface Route {
  readonly path: string;
  readonly area: Area | null;
  /** A page that only leads to a change: who may not make it does not see it. */
  readonly isForm?: true;
  readonly show?: (visit: Visit) => Promise<Answer> | Answer;
  /** For a form that was sent. MUST answer with `goTo`, with a page that says what is wrong, or with the one that shows a secret. */
  readonly act?: (visit: Visit) => Promise<Answer> | Answer;
}

export const SAID_COOKIE = "anyray-said";
const SAID_SECONDS = 60;
const MAX_SAID = 300;

/** To another page after a change. @param said what was done, in a sentence; shown there once */
export function goTo(path: string, said: string | null = null): Response {
  const headers = new Headers({ location: path, "cache-control": "no-store" });
  if (said !== null) {
    const text = encodeURIComponent(said.slice(0, MAX_SAID));
    headers.append(
      "set-cookie",
      `${SAID_COOKIE}=${text}; Path=/; Max-Age=${SAID_SECONDS}; HttpOnly; SameSite=Lax`,
    );
  }
  return new Response(null, { status: 303, headers });
}

export function canChange(visit: Visit, area: Area): boolean {
  return visit.who.rights.write.includes(area);
}

export function canRead(visit: Visit, area: Area): boolean {
  return visit.who.rights.read.includes(area);
}

/** The same page with other parameters; null takes one away. */
export function linkWith(visit: Visit, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(visit.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? visit.url.pathname : `${visit.url.pathname}?${text}`;
}
