/**
 * From a browser's request to a page: who is it, may they, what does the page say; and if it can't be said, why, and what to do. Every
 * fault that a page's code meets ends here.
 */
import { ApiRefusal, ask, createApi, type Fetcher } from "./api.ts";
import { PageHead } from "./components/head.tsx";
import { Fault, Notice } from "./components/states.tsx";
import { PAGE_HEADERS } from "./headers.ts";
import { Document, Fragment, PlainDocument, PlainFragment } from "./layout.tsx";
import { homeOf } from "./nav.ts";
import { readPreferences } from "./preferences.ts";
import {
  endedSessionCookie,
  parseCookies,
  readToken,
  returnPathOf,
  type Cookies,
} from "./session.ts";
import {
  SAID_COOKIE,
  type Answer,
  type Page,
  type Route,
  type SignedIn,
  type Visit,
} from "./visit.ts";

export interface ConsoleDeps {
  readonly gatewayUrl: string;
  /** Where tools find the gateway. */
  readonly publicGatewayUrl: string;
  /** Where people's browsers find the console; null: loopback names alone. */
  readonly publicUrl: URL | null;
  readonly fetcher: Fetcher;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Fields of a form; none is large. */
const MAX_FORM_BYTES = 256 * 1024;

export function readCookies(request: Request): Cookies {
  return parseCookies(request.headers.get("cookie"));
}

/** Whether only what changes is asked for: a link followed with scripts. A return through the history takes the whole. */
function isPartial(request: Request): boolean {
  return request.headers.get("hx-request-type") === "partial";
}

/** Whether it is a part of a page that stands: asked for by the page, not by its reader. */
function isPart(request: Request): boolean {
  return isPartial(request) && request.headers.get("hx-boosted") === null;
}

/** Sent as `application/x-www-form-urlencoded`; anything else counts as empty. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  if (request.method !== "POST") return new URLSearchParams();
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return new URLSearchParams();
  const text = await request.text();
  return new URLSearchParams(text.length > MAX_FORM_BYTES ? "" : text);
}

/** A whole document. */
export async function htmlAnswer(
  html: JSX.Element,
  status: number,
  cookies: readonly string[] = [],
): Promise<Response> {
  return htmlPiece(`<!doctype html>${await html}`, status, cookies);
}

async function htmlPiece(
  html: JSX.Element,
  status: number,
  cookies: readonly string[] = [],
): Promise<Response> {
  const headers = new Headers(PAGE_HEADERS.map(([name, value]): [string, string] => [name, value]));
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(await html, { status, headers });
}

/** The answer to one of the console's own addresses. */
export async function answerRoute(
  deps: ConsoleDeps,
  route: Route,
  request: Request,
  params: Readonly<Record<string, string>>,
): Promise<Response> {
  const cookies = readCookies(request);
  const token = readToken(cookies);
  if (token === null) return toSignIn(request);
  const api = createApi({ gatewayUrl: deps.gatewayUrl, token, fetcher: deps.fetcher });
  let who: SignedIn;
  try {
    who = await ask(api.session.get());
  } catch (error) {
    return strangerFault(request, error);
  }
  const visit: Visit = {
    url: new URL(request.url),
    query: new URL(request.url).searchParams,
    params,
    gatewayUrl: deps.publicGatewayUrl,
    api,
    raw: (path, headers = {}) =>
      deps.fetcher(deps.gatewayUrl + path, {
        headers: { ...headers, authorization: `Bearer ${token}` },
        signal: request.signal,
      }),
    who,
    preferences: readPreferences(cookies),
    nowMs: deps.now(),
    form: await readForm(request),
    said: decodeSaid(cookies.get(SAID_COOKIE)),
    lastEventId: request.headers.get("last-event-id"),
    signal: request.signal,
  };
  return frame(visit, request, await answerOf(route, visit, request.method === "POST"));
}

async function answerOf(route: Route, visit: Visit, isChange: boolean): Promise<Answer> {
  const { rights } = visit.who;
  const isForChange = isChange || route.isForm === true;
  const mayEnter =
    route.area === null || (isForChange ? rights.write : rights.read).includes(route.area);
  if (!mayEnter) return forbidden(visit);
  const answer = isChange ? route.act : route.show;
  if (answer === undefined) return notFound(visit);
  try {
    return await answer(visit);
  } catch (error) {
    return faultPage(visit, error);
  }
}

async function frame(visit: Visit, request: Request, answer: Answer): Promise<Response> {
  if (answer instanceof Response) {
    // The sign-in ended between two questions of the page.
    return answer.status === 401 ? toSignIn(request) : answer;
  }
  if (isPart(request)) {
    if ("piece" in answer) return htmlPiece(answer.piece, 200);
    // A whole page does not belong within another: what is wrong is said in the part's place.
    const { title, status = 200 } = answer;
    return htmlPiece(<Notice tone="bad" title={title} />, status);
  }
  const { title, body, status = 200 } = "piece" in answer ? wholePiece(answer.piece) : answer;
  const props = {
    title,
    path: visit.url.pathname,
    here: visit.url.pathname + visit.url.search,
    who: visit.who,
    theme: visit.preferences.theme,
    said: visit.said,
  };
  const forget = visit.said === null ? [] : [`${SAID_COOKIE}=; Path=/; Max-Age=0`];
  if (!isPartial(request)) {
    return htmlAnswer(<Document {...props}>{body}</Document>, status, forget);
  }
  return htmlPiece(<Fragment {...props}>{body}</Fragment>, status, forget);
}

/** For whoever opens a part's address as if it were a page. */
function wholePiece(piece: JSX.Element): Page {
  const body = (
    <>
      <PageHead title="A part of a page" />
      {piece}
    </>
  );
  return { title: "A part of a page", body };
}

/** To the sign-in, and back here after it. With scripts the whole window goes: it is another frame. */
function toSignIn(request: Request): Response {
  const back = backPath(request);
  const to = back === "/" ? "" : `?to=${encodeURIComponent(back)}`;
  const headers = new Headers({ "cache-control": "no-store" });
  if (readToken(readCookies(request)) !== null) headers.append("set-cookie", endedSessionCookie());
  if (request.headers.get("hx-request") === "true") {
    headers.set("hx-redirect", `/sign-in${to}`);
    return new Response(null, { status: 401, headers });
  }
  headers.set("location", `/sign-in${to}`);
  return new Response(null, { status: 303, headers });
}

/** Where the reader is, or was going: a part of a page leads back to the page, and a change to the beginning. */
function backPath(request: Request): string {
  if (request.method !== "GET") return "/";
  const url = isPart(request) ? URL.parse(request.headers.get("hx-current-url") ?? "") : null;
  const { pathname, search } = url ?? new URL(request.url);
  return returnPathOf(pathname + search);
}

/** Before it is known who asks. */
async function strangerFault(request: Request, error: unknown): Promise<Response> {
  // 429: many sign-ins ended at once, and all of them ask through this one address. Those that live are not held up.
  if (error instanceof ApiRefusal && [401, 429].includes(error.status)) return toSignIn(request);
  const { title, body } = awayPage(new URL(request.url));
  if (isPart(request)) return htmlPiece(<Notice tone="bad" title={title} />, 503);
  if (isPartial(request))
    return htmlPiece(<PlainFragment title={title}>{body}</PlainFragment>, 503);
  const { theme } = readPreferences(readCookies(request));
  return htmlAnswer(
    <PlainDocument title={title} theme={theme}>
      {body}
    </PlainDocument>,
    503,
  );
}

function faultPage(visit: Visit, error: unknown): Answer {
  // What nobody foresaw has no words that are fit to show.
  if (!(error instanceof ApiRefusal)) return brokenPage(visit);
  if (error.status === 401) return new Response(null, { status: 401 });
  if (error.status === 403) return forbidden(visit);
  if (error.status === 404) return notFound(visit);
  if (error.isAway) return awayPage(visit.url);
  const isOurs = error.status < 500;
  return faultOf(
    error.status,
    isOurs ? "That can't be shown" : "The gateway could not answer",
    error.message,
    error.requestId,
    <a class="button" href={visit.url.pathname}>
      Start again
    </a>,
  );
}

function faultOf(
  status: number,
  title: string,
  hint: string,
  requestId: string | null,
  link: JSX.Element,
): Page {
  return {
    title,
    status,
    body: (
      <Fault status={status} title={title} hint={hint} requestId={requestId}>
        {link}
      </Fault>
    ),
  };
}

function awayPage(url: URL): Page {
  return faultOf(
    503,
    "The gateway does not answer",
    "The console is up, but the gateway behind it is not, or is just starting. Look at its log, then try again; nothing that you did is lost.",
    null,
    // `//host` as a path would lead to another site.
    <a class="button main" href={returnPathOf(url.pathname + url.search)}>
      Try again
    </a>,
  );
}

function brokenPage(visit: Visit): Page {
  return faultOf(
    500,
    "This page is broken",
    "That is a fault of the console. The gateway goes on serving.",
    null,
    <a class="button" href={homeOf(visit.who)}>
      Back
    </a>,
  );
}

function forbidden(visit: Visit): Page {
  return faultOf(
    403,
    "Not for this role",
    `You are signed in as ${visit.who.name} with the role ${visit.who.role}, which does not open this. An owner can change that.`,
    null,
    <a class="button" href={homeOf(visit.who)}>
      Back
    </a>,
  );
}

export function notFound(visit: Visit): Page {
  return faultOf(
    404,
    "There is nothing here",
    "The address is wrong, or what it named is gone.",
    null,
    <a class="button" href={homeOf(visit.who)}>
      Back
    </a>,
  );
}

/** For whoever asks for this console by a name that is not its own (421), or is none (400, RFC 9112, 3.2). */
export async function wrongHost(status: 400 | 421): Promise<Response> {
  return htmlAnswer(
    <PlainDocument title="Another address" theme="system">
      <Fault
        status={status}
        title="The console has another address"
        hint="Set ANYRAY_CONSOLE_URL to the address that stands in the browser, such as https://anyray.example.com, and start again. Without it the console answers to localhost alone."
      />
    </PlainDocument>,
    status,
  );
}

/** For a change that another site, or an old page, sent. */
export async function crossSite(): Promise<Response> {
  return htmlAnswer(
    <PlainDocument title="Refused" theme="system">
      <Fault
        status={403}
        title="This did not come from the console"
        hint="A change counts only when it was sent from one of the console's own pages. Nothing was changed."
      >
        <a class="button" href="/">
          To the console
        </a>
      </Fault>
    </PlainDocument>,
    403,
  );
}

function decodeSaid(text: string | undefined): string | null {
  try {
    return text === undefined || text === "" ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}
