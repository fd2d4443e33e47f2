/** `/admin/accounts` and `/admin/api-keys`: who may administrate, by name or by a program's key. For owners. */
import { t } from "elysia";
import { ROLES, type AdminAccount, type AdminToken } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../iso-time.ts";
import { GatewayError } from "../../errors.ts";
import { createId, issueSecret } from "../../secret-text.ts";
import { Members, needed } from "./body.ts";
import { change, found, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { invalid } from "./query.ts";

const MIN_PASSWORD = 12;
const MAX_PASSWORD = 1_024;
const PASSWORD_HINT = `It has ${MIN_PASSWORD} to ${MAX_PASSWORD} characters.`;

/** Who the audit log names besides accounts and keys; `admin` is the admin token. */
const NOBODYS_NAMES: readonly string[] = ["admin", "start", "cli", "gateway"];

const Role = t.String({ description: ROLES.join(" | ") });
const Time = t.Union([t.String({ format: "date-time" }), t.Null()]);
const AccountRecord = t.Object(
  {
    name: t.String(),
    role: Role,
    created_at: t.String({ format: "date-time" }),
    disabled_at: Time,
  },
  { description: "An account" },
);
const ApiKeyRecord = t.Object(
  {
    id: t.String(),
    name: t.Union([t.String(), t.Null()]),
    role: Role,
    created_at: t.String({ format: "date-time" }),
    expires_at: Time,
    ended_at: Time,
  },
  { description: "A key of the admin API" },
);

const detail = describeIn("Accounts");

export function accountRoutes(deps: Deps) {
  return adminGroup(deps, "/admin", "accounts")
    .get(
      "/accounts",
      async () => ({
        accounts: (await read(() => deps.store.admin.accounts())).map(toAccountJson),
      }),
      {
        response: {
          200: t.Object({ accounts: t.Array(AccountRecord) }, { description: "By name" }),
          ...ADMIN_ERRORS,
        },
        detail: detail("Accounts of administrators"),
      },
    )
    .post(
      "/accounts",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createAccount(deps, actor, body);
      },
      {
        parse: "json",
        body: t.Object(
          { name: t.String(), role: t.String(), password: t.String() },
          { additionalProperties: true },
        ),
        response: { 201: AccountRecord, ...ADMIN_ERRORS, 409: AdminError },
        detail: detail("Make an account", PASSWORD_HINT),
      },
    )
    .patch(
      "/accounts/:name",
      ({ params, body, actor }) => changeAccount(deps, actor, params.name, body),
      {
        parse: "json",
        params: t.Object({ name: t.String() }),
        body: t.Object(
          {
            role: t.Optional(t.String()),
            password: t.Optional(t.String()),
            disabled: t.Optional(t.Boolean()),
            sign_out: t.Optional(t.Boolean({ description: "true: ends all its sign-ins" })),
          },
          { additionalProperties: true },
        ),
        response: { 200: AccountRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
        detail: detail(
          "Change an account",
          "A new password, disabling, and `sign_out` end all its sign-ins.",
        ),
      },
    )
    .get(
      "/api-keys",
      async () => ({
        api_keys: (await read(() => deps.store.admin.tokens()))
          .filter(({ kind }) => kind === "key")
          .map(toApiKeyJson),
      }),
      {
        response: {
          200: t.Object({ api_keys: t.Array(ApiKeyRecord) }, { description: "Oldest first" }),
          ...ADMIN_ERRORS,
        },
        detail: detail("Keys of the admin API"),
      },
    )
    .post(
      "/api-keys",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createApiKey(deps, actor, body);
      },
      {
        parse: "json",
        body: t.Object(
          {
            name: t.String(),
            role: t.String(),
            expires_at: t.Optional(t.Union([t.String(), t.Null()])),
          },
          { additionalProperties: true },
        ),
        response: {
          201: t.Object(
            {
              api_key: ApiKeyRecord,
              secret: t.String({ description: "`aak_…`; shown now, and never again" }),
            },
            { description: "The key, and its secret" },
          ),
          ...ADMIN_ERRORS,
          409: AdminError,
        },
        detail: detail("Make a key of the admin API"),
      },
    )
    .delete("/api-keys/:id", ({ params, actor }) => endApiKey(deps, actor, params.id), {
      parse: "none",
      params: t.Object({ id: t.String() }),
      response: { 200: ApiKeyRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("End a key of the admin API"),
    });
}

async function createAccount(deps: Deps, actor: Actor, body: unknown) {
  const members = new Members(body, ["name", "role", "password"]);
  const account: AdminAccount = {
    name: readName(members),
    role: needed(members.choice("role", ROLES), "role"),
    passwordHash: await hashOf(deps, needed(readPassword(members), "password")),
    createdAtMs: deps.clock.now(),
    disabledAtMs: null,
  };
  const accounts = await read(() => deps.store.admin.accounts());
  if (accounts.some(({ name }) => name === account.name)) {
    throw new GatewayError("conflict", {
      field: "name",
      hint: "There is an account of this name.",
    });
  }
  const facts = { before: null, after: { role: account.role } };
  await change(deps, actor, { action: "account.create", target: account.name, ...facts }, [
    { kind: "account.add", account },
  ]);
  deps.access.forget();
  return toAccountJson(account);
}

async function changeAccount(deps: Deps, actor: Actor, name: string, body: unknown) {
  const members = new Members(body, ["role", "password", "disabled", "sign_out"]);
  const password = readPassword(members) ?? null;
  const role = members.choice("role", ROLES) ?? null;
  const disabled = members.flag("disabled") ?? null;
  // Takes a while, in which another change may disable the account: what it was is read afterwards, and what was not asked for not written.
  const passwordHash = password === null ? null : await hashOf(deps, password);
  const accounts = await read(() => deps.store.admin.accounts());
  const before = found(
    accounts.find((account) => account.name === name),
    "name",
    "account",
  );
  const isDisabled = disabled ?? before.disabledAtMs !== null;
  const nowMs = deps.clock.now();
  const set = {
    ...(role === null ? {} : { role }),
    ...(passwordHash === null ? {} : { passwordHash }),
    ...(disabled === null
      ? {}
      : { disabledAtMs: disabled ? (before.disabledAtMs ?? nowMs) : null }),
  };
  const after: AdminAccount = { ...before, ...set };
  const isNewPassword = password !== null;
  const isSignedOut = isNewPassword || isDisabled || members.flag("sign_out") === true;
  await change(
    deps,
    actor,
    {
      action: "account.change",
      target: name,
      before: { role: before.role, disabled: before.disabledAtMs !== null },
      after: {
        role: after.role,
        disabled: isDisabled,
        password_changed: isNewPassword,
        signed_out: isSignedOut,
      },
    },
    [
      ...(Object.keys(set).length === 0 ? [] : [{ kind: "account.change" as const, name, set }]),
      ...(isSignedOut ? [{ kind: "token.end-all" as const, name, atMs: nowMs }] : []),
    ],
  );
  deps.access.forget();
  return toAccountJson(after);
}

async function createApiKey(deps: Deps, actor: Actor, body: unknown) {
  const members = new Members(body, ["name", "role", "expires_at"]);
  const { secret, hash } = issueSecret("aak_", deps.random);
  const nowMs = deps.clock.now();
  const token: AdminToken = {
    id: createId("akey_", deps.random),
    secretHash: hash,
    kind: "key",
    name: readName(members),
    role: needed(members.choice("role", ROLES), "role"),
    createdAtMs: nowMs,
    expiresAtMs: members.future("expires_at", nowMs) ?? null,
    endedAtMs: null,
  };
  const facts = { before: null, after: { name: token.name, role: token.role } };
  await change(deps, actor, { action: "token.create", target: token.id, ...facts }, [
    { kind: "token.add", token },
  ]);
  return { api_key: toApiKeyJson(token), secret };
}

async function endApiKey(deps: Deps, actor: Actor, id: string) {
  const tokens = await read(() => deps.store.admin.tokens());
  const token = found(
    tokens.find((each) => each.id === id && each.kind === "key"),
    "id",
    "key",
  );
  const atMs = deps.clock.now();
  const facts = { before: { name: token.name, role: token.role }, after: null };
  await change(deps, actor, { action: "token.end", target: id, ...facts }, [
    { kind: "token.end", id, atMs },
  ]);
  deps.access.forget();
  return toApiKeyJson({ ...token, endedAtMs: atMs });
}

/** @throws GatewayError `invalid_request` for one under which the audit log would blame somebody else */
function readName(members: Members): string {
  const name = needed(members.name("name"), "name");
  if (!NOBODYS_NAMES.includes(name)) return name;
  throw invalid("name", "The audit log calls somebody else so.");
}

function readPassword(members: Members): string | null | undefined {
  return members.text(
    "password",
    PASSWORD_HINT,
    (text) => text.length >= MIN_PASSWORD && text.length <= MAX_PASSWORD,
  );
}

async function hashOf(deps: Deps, password: string): Promise<string> {
  try {
    return await deps.passwords.hash(password);
  } catch {
    throw new GatewayError("rate_limited", { headers: { "retry-after": "2" } });
  }
}

function toAccountJson({ name, role, createdAtMs, disabledAtMs }: AdminAccount) {
  return {
    name,
    role,
    created_at: new Date(createdAtMs).toISOString(),
    disabled_at: isoTime(disabledAtMs),
  };
}

function toApiKeyJson({ id, name, role, createdAtMs, expiresAtMs, endedAtMs }: AdminToken) {
  return {
    id,
    name,
    role,
    created_at: new Date(createdAtMs).toISOString(),
    expires_at: isoTime(expiresAtMs),
    ended_at: isoTime(endedAtMs),
  };
}
