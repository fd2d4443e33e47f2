/** `/sign-in` and `/sign-out`: the only pages for strangers. A token or a password passes through to the gateway, and is kept nowhere. */
import { Elysia } from "elysia";
import { ApiRefusal, ask, createApi } from "../../api.ts";
import { canSignIn } from "../../guard.ts";
import { PlainDocument } from "../../layout.tsx";
import { htmlAnswer, readCookies, readForm, type ConsoleDeps } from "../../page.tsx";
import { readPreferences } from "../../preferences.ts";
import { endedSessionCookie, readToken, returnPathOf, sessionCookie } from "../../session.ts";
import { SignIn, type SignInFault } from "./view.tsx";

export function signInRoutes(deps: ConsoleDeps) {
  return new Elysia({ handler: { standardHostname: false } })
    .get("/sign-in", ({ request }) => showSignIn(deps, request, null, 200))
    .post("/sign-in", ({ request }) => signIn(deps, request), { parse: "none" })
    .post("/sign-out", ({ request }) => signOut(deps, request, false), { parse: "none" })
    .post("/sign-out/everywhere", ({ request }) => signOut(deps, request, true), { parse: "none" });
}

function showSignIn(
  deps: ConsoleDeps,
  request: Request,
  fault: SignInFault | null,
  status: number,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const { theme } = readPreferences(readCookies(request));
  return htmlAnswer(
    <PlainDocument title="Sign in" theme={theme}>
      <SignIn
        to={returnPathOf(fault === null ? searchParams.get("to") : fault.to)}
        isSignedOut={searchParams.has("out")}
        remedy={canSignIn(deps.publicUrl) ? null : (deps.publicUrl?.origin ?? "")}
        fault={fault}
      />
    </PlainDocument>,
    status,
  );
}

async function signIn(deps: ConsoleDeps, request: Request): Promise<Response> {
  // A browser would not keep the cookie; what was typed must not travel for nothing.
  if (!canSignIn(deps.publicUrl)) return showSignIn(deps, request, null, 403);
  const form = await readForm(request);
  const [name, password, token] = ["name", "password", "token"].map(
    (field) => form.get(field)?.trim() ?? "",
  );
  const isByToken = name === "" && password === "";
  if (isByToken && token === "") {
    const text = "Enter the admin token, or a name and a password.";
    return showSignIn(deps, request, { text, name: "", to: form.get("to") }, 400);
  }
  const api = createApi({
    gatewayUrl: deps.gatewayUrl,
    token: isByToken ? (token ?? "") : null,
    fetcher: deps.fetcher,
  });
  try {
    const begun = await ask(
      api.session.post(isByToken ? {} : { name: name ?? "", password: password ?? "" }),
    );
    const headers = new Headers({
      location: returnPathOf(form.get("to")),
      "cache-control": "no-store",
    });
    headers.append("set-cookie", sessionCookie(begun.token));
    return new Response(null, { status: 303, headers });
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    return showSignIn(
      deps,
      request,
      { text: wordsFor(error, isByToken), name: name ?? "", to: form.get("to") },
      error.status,
    );
  }
}

function wordsFor(refusal: ApiRefusal, isByToken: boolean): string {
  if (refusal.isAway) return "The gateway does not answer. Look at its log, then try again.";
  if (refusal.status === 401) {
    return isByToken
      ? "That is not the admin token. It stands in secrets.env of the gateway's data directory."
      : "The name or the password is wrong.";
  }
  return refusal.message;
}

/** The gateway is told if it can be; the browser forgets in any case. */
async function signOut(
  deps: ConsoleDeps,
  request: Request,
  isEverywhere: boolean,
): Promise<Response> {
  const token = readToken(readCookies(request));
  if (token !== null) {
    const api = createApi({ gatewayUrl: deps.gatewayUrl, token, fetcher: deps.fetcher });
    const end = isEverywhere ? api.session["end-all"].post() : api.session.delete();
    await ask(end).catch(() => null);
  }
  const headers = new Headers({ location: "/sign-in?out", "cache-control": "no-store" });
  headers.append("set-cookie", endedSessionCookie());
  return new Response(null, { status: 303, headers });
}
