/** `/invites`: links for people who make their own keys. A link stands in the answer to the form that made it, and nowhere else. */
import { ask, mendable } from "../../api.ts";
import { cutRows } from "../../cut.ts";
import { notFound } from "../../page.tsx";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import { providerNames } from "../keys/routes.ts";
import { changesOf, NOTHING_TYPED, readTyped, type TypedTerms } from "../keys/terms.ts";
import {
  INVITE_LABELS,
  inviteFormView,
  inviteName,
  invitesView,
  linkView,
  revokeInviteView,
  type Invite,
} from "./view.tsx";

export const inviteRoutes: readonly Route[] = [
  { path: "/invites", area: "keys", show: showAll },
  { path: "/invites/new", area: "keys", show: showNew, act: create },
  { path: "/invites/:id/revoke", area: "keys", show: showRevoke, act: revoke },
];

async function showAll(visit: Visit): Promise<Page> {
  const state = visit.query.get("state") ?? "";
  const { invites } = await ask(visit.api.invites.get());
  const shown = invites.filter((invite) => state === "" || invite.state === state).toReversed();
  const cut = cutRows(visit, shown, ({ id }) => id);
  return { title: "Invites", body: invitesView(visit, cut, state) };
}

async function formPage(visit: Visit, typed: TypedTerms, fault: string | null): Promise<Page> {
  const providers = await providerNames(visit);
  return {
    title: "New invite",
    status: fault === null ? 200 : 400,
    body: inviteFormView({ typed, providers, fault }),
  };
}

function showNew(visit: Visit): Promise<Page> {
  return formPage(visit, NOTHING_TYPED, null);
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit.form);
  try {
    const made = await ask(visit.api.invites.post(changesOf(NOTHING_TYPED, typed)));
    const body = linkView(visit, made.invite, visit.gatewayUrl + made.path);
    return { title: "Invite made", body };
  } catch (error) {
    return formPage(visit, typed, mendable(error, INVITE_LABELS).message);
  }
}

async function findInvite({ api, params }: Visit): Promise<Invite | null> {
  const { invites } = await ask(api.invites.get());
  return invites.find(({ id }) => id === params["id"]) ?? null;
}

async function showRevoke(visit: Visit, fault: string | null = null): Promise<Answer> {
  const invite = await findInvite(visit);
  if (invite === null) return notFound(visit);
  return {
    title: "Revoke an invite",
    status: fault === null ? 200 : 400,
    body: revokeInviteView(invite, fault),
  };
}

async function revoke(visit: Visit): Promise<Answer> {
  try {
    const id = encodeURIComponent(visit.params["id"] ?? "");
    const invite = await ask(visit.api.invites({ id }).delete());
    return goTo("/invites", `The invite for ${inviteName(invite)} is revoked.`);
  } catch (error) {
    mendable(error);
    return showRevoke(visit, "It is not open any more: it was redeemed, or revoked already.");
  }
}
