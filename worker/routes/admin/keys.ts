/** `/admin/keys`: client keys. A secret is in the answer to its making, and nowhere else. */
import { t } from "elysia";
import type { ClientKey, KeyTerms } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import type { AuditAction } from "../../audit/entry.ts";
import { createClientKeyId } from "../../client-key.ts";
import { keyEntry, termsOf } from "../../client-key-audit.ts";
import { clientKeyJson, clientKeyState } from "../../client-key-json.ts";
import type { Deps } from "../../deps.ts";
import { issueSecret } from "../../secret-text.ts";
import { Members } from "./body.ts";
import { change, found, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { KEY_TERMS, KeyTermsSchema, NO_TERMS, parseKeyTerms } from "./key-terms.ts";
import { invalid, parseLimit, readParameters } from "./query.ts";

const Name = t.Union([t.String(), t.Null()]);
const Names = t.Union([t.Array(t.String()), t.Null()]);
const Time = t.Union([t.String({ format: "date-time" }), t.Null()]);

export const KeyRecord = t.Object(
  {
    id: t.String(),
    display: t.String({ description: "The secret's first characters after `ark_`" }),
    state: t.String({ description: "active | expired | revoked" }),
    name: Name,
    description: Name,
    user: Name,
    team: Name,
    metadata: Name,
    passthrough: Name,
    models: Names,
    endpoints: Names,
    created_at: t.String({ format: "date-time" }),
    expires_at: Time,
    revoked_at: Time,
    former_secret_until: Time,
  },
  { description: "A client key" },
);
const MadeKey = t.Object(
  {
    key: KeyRecord,
    secret: t.String({ description: "Shown now, and never again" }),
  },
  { description: "The key, and its secret" },
);

const ExpiresAt = t.Optional(t.Union([t.String(), t.Null()], { description: "RFC 3339" }));
const KeyBody = t.Object(
  { ...KeyTermsSchema, expires_at: ExpiresAt },
  { additionalProperties: true },
);
const STATES = ["active", "expired", "revoked"] as const;
const FILTERS = ["state", "user", "team", "name"] as const;
const ORDERS = ["oldest", "newest"] as const;
const DAY_S = 86_400;
const MAX_OVERLAP_S = 30 * DAY_S;

const Id = t.Object({ id: t.String({ description: "`key_…`" }) });
const Text = (description: string) => t.Optional(t.String({ description }));
const detail = describeIn("Keys");

export function keyRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/keys", "keys")
    .get("", ({ request }) => listKeys(deps, request.url), {
      query: t.Object(
        {
          state: Text(STATES.join(" | ")),
          user: Text("Keys of this user"),
          team: Text("Keys of this team"),
          name: Text("Keys of this name"),
          search: Text(
            "Keys with this in id, display, name, description, user or team; in any case",
          ),
          order: Text(`${ORDERS.join(" | ")}; default oldest`),
          cursor: Text("`next_cursor` of the page before"),
          limit: Text("1 to 1000, default 100"),
        },
        { additionalProperties: true },
      ),
      response: {
        200: t.Object({ keys: t.Array(KeyRecord), next_cursor: Name }, { description: "One page" }),
        ...ADMIN_ERRORS,
      },
      detail: detail("Client keys"),
    })
    .post(
      "",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createKey(deps, actor, body);
      },
      {
        parse: "json",
        body: KeyBody,
        response: { 201: MadeKey, ...ADMIN_ERRORS, 409: AdminError },
        detail: detail("Make a client key", "The answer has its secret: it is stored nowhere."),
      },
    )
    .get("/:id", async ({ params }) => toJson(deps, await findKey(deps, params.id)), {
      params: Id,
      response: { 200: KeyRecord, ...ADMIN_ERRORS, 404: AdminError },
      detail: detail("One client key"),
    })
    .patch("/:id", ({ params, body, actor }) => changeKey(deps, actor, params.id, body), {
      parse: "json",
      params: Id,
      body: KeyBody,
      response: { 200: KeyRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("Change what a key is bound to and may do", "`null` takes a bound away."),
    })
    .post("/:id/rotate", ({ params, body, actor }) => rotateKey(deps, actor, params.id, body), {
      parse: "json",
      params: Id,
      body: t.Optional(
        t.Object(
          {
            overlap_seconds: t.Optional(
              t.Integer({ description: "How long the former secret still counts; default a day" }),
            ),
          },
          { additionalProperties: true },
        ),
      ),
      response: { 200: MadeKey, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("Give a key a new secret", "The former one still counts for a while."),
    })
    .delete("/:id", ({ params, actor }) => revokeKey(deps, actor, params.id), {
      parse: "none",
      params: Id,
      response: { 200: KeyRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("Revoke a key, at once and for good"),
    });
}

async function listKeys(deps: Deps, url: string) {
  const parameters = readParameters(url, [...FILTERS, "search", "order", "cursor", "limit"]);
  const limit = parseLimit(parameters.get("limit"));
  const state = parameters.get("state");
  if (state !== undefined && !STATES.some((each) => each === state)) {
    throw invalid("state", `It is one of ${STATES.join(", ")}.`);
  }
  const order = parameters.get("order");
  if (order !== undefined && !ORDERS.some((each) => each === order)) {
    throw invalid("order", `It is one of ${ORDERS.join(", ")}.`);
  }
  const nowMs = deps.clock.now();
  const search = parameters.get("search")?.toLowerCase();
  const stored = await read(() => deps.store.keys.list());
  const keys = (order === "newest" ? stored.toReversed() : stored).filter(
    (key) =>
      (state === undefined || clientKeyState(key, nowMs) === state) &&
      (search === undefined || isFound(key, search)) &&
      (["user", "team", "name"] as const).every(
        (name) => parameters.get(name) === undefined || parameters.get(name) === key[name],
      ),
  );
  const cursor = parameters.get("cursor");
  const at = cursor === undefined ? 0 : keys.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== undefined && at === 0) {
    throw invalid("cursor", "It is the `next_cursor` of the page before.");
  }
  const page = keys.slice(at, at + limit);
  const isMore = keys.length > at + limit;
  return {
    keys: page.map((key) => toJson(deps, key)),
    next_cursor: isMore ? (page.at(-1)?.id ?? null) : null,
  };
}

/** @param search in lower case */
function isFound(key: ClientKey, search: string): boolean {
  const texts = [key.id, key.display, key.name, key.description, key.user, key.team];
  return texts.some((text) => text?.toLowerCase().includes(search) === true);
}

async function createKey(deps: Deps, actor: Actor, body: unknown) {
  const members = new Members(body, [...KEY_TERMS, "expires_at"]);
  const nowMs = deps.clock.now();
  const terms = { ...NO_TERMS, ...parseKeyTerms(members, deps) };
  const made = makeKey(deps, terms, members.future("expires_at", nowMs) ?? null);
  await change(deps, actor, keyEntry("key.create", null, made.key), [
    { kind: "key.add", key: made.key },
  ]);
  deps.clientKeys.forget();
  return { key: toJson(deps, made.key), secret: made.secret };
}

/** A key that is not stored yet, and its secret. */
export function makeKey(deps: Deps, terms: KeyTerms, expiresAtMs: number | null) {
  const { secret, hash, display } = issueSecret("ark_", deps.random);
  const key: ClientKey = {
    ...termsOf(terms),
    id: createClientKeyId(deps.random),
    secretHash: hash,
    display,
    createdAtMs: deps.clock.now(),
    expiresAtMs,
    revokedAtMs: null,
    previousHash: null,
    previousUntilMs: null,
  };
  return { key, secret };
}

async function changeKey(deps: Deps, actor: Actor, id: string, body: unknown) {
  const members = new Members(body, [...KEY_TERMS, "expires_at"]);
  const before = await findLiveKey(deps, id);
  const expiresAtMs = members.future("expires_at", deps.clock.now());
  const set = {
    ...parseKeyTerms(members, deps),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
  if (Object.keys(set).length === 0) throw invalid(null, "Nothing is to be changed.");
  return applyTo(deps, actor, "key.change", before, set);
}

async function rotateKey(deps: Deps, actor: Actor, id: string, body: unknown) {
  const members = new Members(body ?? {}, ["overlap_seconds"]);
  const overlapS = members.whole("overlap_seconds", 0, MAX_OVERLAP_S) ?? DAY_S;
  const before = await findLiveKey(deps, id);
  const { secret, hash, display } = issueSecret("ark_", deps.random);
  const key = await applyTo(deps, actor, "key.rotate", before, {
    secretHash: hash,
    display,
    previousHash: before.secretHash,
    previousUntilMs: deps.clock.now() + overlapS * 1_000,
  });
  return { key, secret };
}

async function revokeKey(deps: Deps, actor: Actor, id: string) {
  const before = await findLiveKey(deps, id);
  return applyTo(deps, actor, "key.revoke", before, { revokedAtMs: deps.clock.now() });
}

async function applyTo(
  deps: Deps,
  actor: Actor,
  action: AuditAction,
  before: ClientKey,
  set: Partial<Omit<ClientKey, "id" | "createdAtMs">>,
) {
  const after = { ...before, ...set };
  await change(deps, actor, keyEntry(action, before, after), [
    { kind: "key.change", id: before.id, set },
  ]);
  deps.clientKeys.forget();
  return toJson(deps, after);
}

async function findKey(deps: Deps, id: string): Promise<ClientKey> {
  return found(await read(() => deps.store.keys.find(id)), "id", "key");
}

/** One that can still be changed. */
async function findLiveKey(deps: Deps, id: string): Promise<ClientKey> {
  const key = await findKey(deps, id);
  if (key.revokedAtMs === null) return key;
  throw invalid("id", "The key is revoked. That is for good: make another one.");
}

export function toJson(deps: Deps, key: ClientKey) {
  return clientKeyJson(key, deps.clock.now(), (ms) => new Date(ms).toISOString());
}
