/** `/admin/invites`: links that are redeemed once for a client key. */
import { t } from "elysia";
import type { Invite } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import { termFacts } from "../../client-key-audit.ts";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../iso-time.ts";
import { createId, issueSecret } from "../../secret-text.ts";
import { Members } from "./body.ts";
import { change, found, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { KEY_TERMS, KeyTermsSchema, NO_TERMS, parseKeyTerms } from "./key-terms.ts";

const DAY_MS = 86_400_000;
/** How long a link can be redeemed, unless it is said. */
const LIFE_MS = 7 * DAY_MS;

const Name = t.Union([t.String(), t.Null()]);
const Time = t.Union([t.String({ format: "date-time" }), t.Null()]);

const InviteRecord = t.Object(
  {
    id: t.String(),
    state: t.String({ description: "open | redeemed | revoked | expired" }),
    name: Name,
    user: Name,
    team: Name,
    created_at: t.String({ format: "date-time" }),
    expires_at: t.String({ format: "date-time" }),
    redeemed_at: Time,
    key_id: t.Union([t.String(), t.Null()], { description: "The key that it was redeemed for" }),
  },
  { description: "An invite" },
);

const detail = describeIn("Keys");

export function inviteRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/invites", "keys")
    .get(
      "",
      async () => ({
        invites: (await read(() => deps.store.admin.invites())).map((each) => toJson(deps, each)),
      }),
      {
        response: {
          200: t.Object({ invites: t.Array(InviteRecord) }, { description: "Oldest first" }),
          ...ADMIN_ERRORS,
        },
        detail: detail("Invites"),
      },
    )
    .post(
      "",
      async ({ body, actor, set }) => {
        set.status = 201;
        return createInvite(deps, actor, body);
      },
      {
        parse: "json",
        body: t.Object(
          {
            ...KeyTermsSchema,
            expires_at: t.Optional(
              t.Union([t.String(), t.Null()], { description: "Of the link; default: in 7 days" }),
            ),
            key_expires_at: t.Optional(
              t.Union([t.String(), t.Null()], { description: "Of the key" }),
            ),
          },
          { additionalProperties: true },
        ),
        response: {
          201: t.Object(
            {
              invite: InviteRecord,
              path: t.String({
                description: "The link, below the gateway's address; shown now only",
              }),
            },
            { description: "The invite, and its link" },
          ),
          ...ADMIN_ERRORS,
          409: AdminError,
        },
        detail: detail(
          "Make an invite",
          "Whoever opens the link sees what it is for; the key is made when they redeem it, and shown to them alone.",
        ),
      },
    )
    .delete("/:id", ({ params, actor }) => revokeInvite(deps, actor, params.id), {
      parse: "none",
      params: t.Object({ id: t.String() }),
      response: { 200: InviteRecord, ...ADMIN_ERRORS, 404: AdminError, 409: AdminError },
      detail: detail("Revoke an invite that is open"),
    });
}

async function createInvite(deps: Deps, actor: Actor, body: unknown) {
  const members = new Members(body, [...KEY_TERMS, "expires_at", "key_expires_at"]);
  const nowMs = deps.clock.now();
  const { secret, hash } = issueSecret("inv_", deps.random);
  const invite: Invite = {
    ...NO_TERMS,
    ...parseKeyTerms(members, deps),
    id: createId("inv_", deps.random),
    secretHash: hash,
    keyExpiresAtMs: members.future("key_expires_at", nowMs) ?? null,
    createdAtMs: nowMs,
    expiresAtMs: members.future("expires_at", nowMs) ?? nowMs + LIFE_MS,
    redeemedAtMs: null,
    revokedAtMs: null,
    keyId: null,
  };
  const after = { ...termFacts(invite), expires_at: new Date(invite.expiresAtMs).toISOString() };
  await change(deps, actor, { action: "invite.create", target: invite.id, before: null, after }, [
    { kind: "invite.add", invite },
  ]);
  return { invite: toJson(deps, invite), path: `/invites/${secret}` };
}

async function revokeInvite(deps: Deps, actor: Actor, id: string) {
  const invites = await read(() => deps.store.admin.invites());
  const invite = found(
    invites.find((each) => each.id === id),
    "id",
    "invite",
  );
  const set = { redeemedAtMs: null, revokedAtMs: deps.clock.now(), keyId: null };
  const facts = { before: { state: stateOf(deps, invite) }, after: { state: "revoked" } };
  await change(deps, actor, { action: "invite.revoke", target: id, ...facts }, [
    { kind: "invite.close", id, set },
  ]);
  return toJson(deps, { ...invite, ...set });
}

export function stateOf(deps: Deps, invite: Invite): "open" | "redeemed" | "revoked" | "expired" {
  if (invite.redeemedAtMs !== null) return "redeemed";
  if (invite.revokedAtMs !== null) return "revoked";
  return invite.expiresAtMs <= deps.clock.now() ? "expired" : "open";
}

function toJson(deps: Deps, invite: Invite) {
  return {
    id: invite.id,
    state: stateOf(deps, invite),
    name: invite.name,
    user: invite.user,
    team: invite.team,
    created_at: new Date(invite.createdAtMs).toISOString(),
    expires_at: new Date(invite.expiresAtMs).toISOString(),
    redeemed_at: isoTime(invite.redeemedAtMs),
    key_id: invite.keyId,
  };
}
