/** `/admin/session`: signing in, being signed in, signing out. */
import { Elysia, t } from "elysia";
import type { AdminAccount } from "../../../db/store.ts";
import { AREAS, rightsOf, type Actor } from "../../accounts/roles.ts";
import { notSignedIn } from "../../accounts/access.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { bearerToken } from "../../pipeline/authenticate.ts";
import { readBody } from "../../pipeline/read-body.ts";
import { ownHeaders } from "../../pipeline/respond.ts";
import { createId, issueSecret } from "../../secret-text.ts";
import { Members, needed, NAME_HINT } from "./body.ts";
import { change, read } from "./change.ts";
import { AdminError } from "./error-schema.ts";

const SESSION_MS = 12 * 3_600_000;
const MAX_PASSWORD = 1_024;
/** A name and a password, each character an escape. */
const MAX_BODY_BYTES = 16 * 1_024;

const Areas = t.Array(t.UnionEnum(AREAS));

const SessionRecord = t.Object(
  {
    name: t.String(),
    role: t.String(),
    account: t.Union([t.String(), t.Null()], { description: "Null: the admin token" }),
    rights: t.Object(
      { read: Areas, write: Areas },
      { description: "Parts of the admin plane that the role opens" },
    ),
  },
  { description: "Who is signed in" },
);

const errors = {
  400: AdminError,
  401: AdminError,
  413: AdminError,
  429: AdminError,
  503: AdminError,
};

export function sessionRoutes(deps: Deps) {
  return new Elysia({ prefix: "/admin/session", handler: { standardHostname: false } })
    .onTransform(({ set }) => {
      for (const [name, value] of ownHeaders(deps.ids.traceId())) set.headers[name] = value;
    })
    .post("", async ({ request }) => begin(deps, await readSmallJson(request), request), {
      // Strangers send it: it is read by us, and not beyond what it can be.
      parse: "none",
      body: t.Object(
        { name: t.Optional(t.String()), password: t.Optional(t.String()) },
        { additionalProperties: true },
      ),
      response: {
        200: t.Object(
          {
            token: t.String({ description: "`ans_…`: the Bearer of what follows" }),
            expires_at: t.String({ format: "date-time" }),
            ...SessionRecord.properties,
          },
          { description: "Signed in" },
        ),
        ...errors,
      },
      detail: {
        tags: ["Accounts"],
        summary: "Sign in",
        description:
          "With `name` and `password`, or with the admin token as Bearer and an empty object.",
      },
    })
    .get("", async ({ request }) => toJson(await signedIn(deps, request)), {
      response: { 200: SessionRecord, ...errors },
      detail: { tags: ["Accounts"], summary: "Who I am", security: [{ adminToken: [] }] },
    })
    .delete("", ({ request }) => end(deps, request), {
      parse: "none",
      response: { 200: SessionRecord, ...errors, 403: AdminError, 409: AdminError },
      detail: { tags: ["Accounts"], summary: "Sign out", security: [{ adminToken: [] }] },
    })
    .post("/end-all", ({ request }) => endAll(deps, request), {
      parse: "none",
      response: { 200: SessionRecord, ...errors, 403: AdminError, 409: AdminError },
      detail: {
        tags: ["Accounts"],
        summary: "Sign out everywhere",
        description:
          "Ends all sign-ins of the account; with the admin token, all that were made with it.",
        security: [{ adminToken: [] }],
      },
    });
}

async function begin(deps: Deps, body: unknown, request: Request) {
  const account = await identify(deps, body, request);
  const { secret, hash } = issueSecret("ans_", deps.random);
  const nowMs = deps.clock.now();
  const token = {
    id: createId("ses_", deps.random),
    secretHash: account === null ? deps.access.boundHash(hash) : hash,
    kind: "session",
    name: account?.name ?? null,
    role: account?.role ?? "owner",
    createdAtMs: nowMs,
    expiresAtMs: nowMs + SESSION_MS,
    endedAtMs: null,
  } as const;
  const name = account?.name ?? "admin";
  const after = { role: token.role, expires_at: new Date(token.expiresAtMs).toISOString() };
  await change(deps, { name }, { action: "session.begin", target: token.id, before: null, after }, [
    { kind: "token.add", token },
  ]);
  return {
    token: secret,
    expires_at: after.expires_at,
    name,
    role: token.role,
    account: token.name,
    rights: toRights(token.role),
  };
}

/** @throws (rejects with) GatewayError `body_too_large`, `invalid_json` */
async function readSmallJson(request: Request): Promise<unknown> {
  const bytes = await readBody(request, MAX_BODY_BYTES);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new GatewayError("invalid_json");
  }
}

/** Null: whoever has the admin token. */
async function identify(deps: Deps, body: unknown, request: Request) {
  const members = new Members(body, ["name", "password"]);
  if (!members.has("name") && !members.has("password")) {
    if (deps.access.isAdminToken(bearerOf(request))) return null;
    throw notSignedIn("Bearer");
  }
  const name = needed(
    members.text("name", NAME_HINT, (text) => text.length <= 128),
    "name",
  );
  const password = needed(
    members.text("password", "It is too long.", (text) => text.length <= MAX_PASSWORD),
    "password",
  );
  const account = await deps.signIn.check(name, password, await findAccount(deps, name));
  // Checking takes a while: a password that was changed meanwhile, or an account that was disabled, must not begin a sign-in that outlives it.
  const now = await findAccount(deps, name);
  if (now?.passwordHash === account.passwordHash && now.disabledAtMs === null) return now;
  throw notSignedIn("Bearer");
}

async function findAccount(deps: Deps, name: string): Promise<AdminAccount | null> {
  const accounts = await read(() => deps.store.admin.accounts());
  return accounts.find((each) => each.name === name) ?? null;
}

async function end(deps: Deps, request: Request) {
  const actor = await signInOf(deps, request);
  if (actor.tokenId !== null) {
    const what = {
      action: "session.end",
      target: actor.tokenId,
      before: null,
      after: null,
    } as const;
    await change(deps, actor, what, [
      { kind: "token.end", id: actor.tokenId, atMs: deps.clock.now() },
    ]);
    deps.access.forget();
  }
  return toJson(actor);
}

async function endAll(deps: Deps, request: Request) {
  const actor = await signInOf(deps, request);
  const what = { action: "session.end", target: "all", before: null, after: null } as const;
  await change(deps, actor, what, [
    { kind: "token.end-all", name: actor.account, atMs: deps.clock.now() },
  ]);
  deps.access.forget();
  return toJson(actor);
}

async function signedIn(deps: Deps, request: Request): Promise<Actor> {
  const actor = await deps.access.find(bearerOf(request));
  if (actor === null) throw notSignedIn("Bearer");
  return actor;
}

/** Who may end sign-ins: a key has none, and those without an account are the admin token's. @throws (rejects with) GatewayError `forbidden` */
async function signInOf(deps: Deps, request: Request): Promise<Actor> {
  const actor = await signedIn(deps, request);
  if (!actor.isKey) return actor;
  throw new GatewayError("forbidden", {
    hint: "A key of the admin API is no sign-in. An owner ends it: DELETE /admin/api-keys/{id}.",
  });
}

function bearerOf(request: Request): string | null {
  return bearerToken(request.headers.get("authorization"));
}

function toJson({ name, role, account }: Actor) {
  return { name, role, account, rights: toRights(role) };
}

function toRights(role: Actor["role"]) {
  const { read, write } = rightsOf(role);
  return { read: [...read], write: [...write] };
}
