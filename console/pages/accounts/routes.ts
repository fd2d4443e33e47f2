/** `/accounts` and `/api-keys`: who may administrate. Only owners change them; a secret stands in the answer to the form that made it. */
import { ask, mendable } from "../../api.ts";
import { cutRows } from "../../cut.ts";
import { notFound } from "../../page.tsx";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import { accountView, disableView, newAccountView } from "./account-view.tsx";
import { apiKeySecretView, endApiKeyView, newApiKeyView } from "./api-key-view.tsx";
import { accountsView, type Account, type ApiKey } from "./list-view.tsx";

export const accountRoutes: readonly Route[] = [
  { path: "/accounts", area: "accounts", show: showAll },
  { path: "/accounts/new", area: "accounts", isForm: true, show: showNew, act: create },
  {
    path: "/accounts/:name",
    area: "accounts",
    isForm: true,
    show: (visit) => showOne(visit),
    act: change,
  },
  { path: "/accounts/:name/disable", area: "accounts", isForm: true, show: showDisable },
  { path: "/api-keys/new", area: "accounts", isForm: true, show: showNewApiKey, act: createApiKey },
  { path: "/api-keys/:id/end", area: "accounts", isForm: true, show: showEnd, act: endApiKey },
];

async function showAll(visit: Visit): Promise<Page> {
  const { api } = visit;
  const [{ accounts }, { api_keys: keys }] = await Promise.all([
    ask(api.accounts.get()),
    ask(api["api-keys"].get()),
  ]);
  const cut = cutRows(visit, accounts, ({ name }) => name);
  return { title: "Accounts", body: accountsView(visit, cut, keys) };
}

interface Typed {
  readonly name: string;
  readonly role: string;
}
const NOTHING_TYPED: Typed = { name: "", role: "viewer" };

function readTyped({ form }: Visit): Typed {
  return { name: form.get("name")?.trim() ?? "", role: form.get("role") ?? "" };
}

function newPage(typed: Typed, fault: string | null): Page {
  return {
    title: "New account",
    status: fault === null ? 200 : 400,
    body: newAccountView({ ...typed, fault }),
  };
}

function showNew(): Page {
  return newPage(NOTHING_TYPED, null);
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit);
  // Spaces at either end are the person's own.
  const password = visit.form.get("password") ?? "";
  try {
    const { name, role } = await ask(visit.api.accounts.post({ ...typed, password }));
    return goTo("/accounts", `The account ${name} is made, with the role ${role}.`);
  } catch (error) {
    const { status, message } = mendable(error);
    return newPage(typed, status === 409 ? "There is an account of this name." : message);
  }
}

async function findAccount({ api, params }: Visit): Promise<Account | null> {
  const { accounts } = await ask(api.accounts.get());
  return accounts.find(({ name }) => name === params["name"]) ?? null;
}

async function showOne(visit: Visit, fault: string | null = null): Promise<Answer> {
  const account = await findAccount(visit);
  if (account === null) return notFound(visit);
  return {
    title: account.name,
    status: fault === null ? 200 : 400,
    body: accountView(visit, account, fault),
  };
}

async function showDisable(visit: Visit): Promise<Answer> {
  const account = await findAccount(visit);
  if (account === null) return notFound(visit);
  const isOwn = visit.who.account === account.name;
  return { title: `Disable ${account.name}`, body: disableView(account, isOwn) };
}

type AccountChange = Parameters<ReturnType<Visit["api"]["accounts"]>["patch"]>[0];

/** What each form of the page sends, and what is said of it. Null: no form of ours. */
function readChange({ form }: Visit, name: string) {
  const wanted = (body: AccountChange, said: string) => ({ body, said });
  switch (form.get("what")) {
    case "role": {
      const role = form.get("role") ?? "";
      return wanted({ role }, `${name} has the role ${role} from now on.`);
    }
    case "password":
      return wanted(
        { password: form.get("password") ?? "" },
        `The password of ${name} is new, and all sign-ins are ended.`,
      );
    case "sign-out":
      return wanted({ sign_out: true }, `All sign-ins of ${name} are ended.`);
    case "disable":
      return wanted({ disabled: true }, `${name} is disabled, and signed out everywhere.`);
    case "enable":
      return wanted({ disabled: false }, `${name} can sign in again.`);
    default:
      return null;
  }
}

async function change(visit: Visit): Promise<Answer> {
  const name = visit.params["name"] ?? "";
  const wanted = readChange(visit, name);
  if (wanted === null) return notFound(visit);
  try {
    await ask(visit.api.accounts({ name: encodeURIComponent(name) }).patch(wanted.body));
    return goTo(`/accounts/${encodeURIComponent(name)}`, wanted.said);
  } catch (error) {
    return showOne(visit, mendable(error).message);
  }
}

function apiKeyPage(typed: Typed, expiresAt: string, fault: string | null): Page {
  return {
    title: "New API key",
    status: fault === null ? 200 : 400,
    body: newApiKeyView({ ...typed, expiresAt, fault }),
  };
}

function showNewApiKey(): Page {
  return apiKeyPage(NOTHING_TYPED, "", null);
}

async function createApiKey(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit);
  const expiresAt = visit.form.get("expires_at") ?? "";
  try {
    const body = { ...typed, expires_at: expiresAt || null };
    const { api_key: key, secret } = await ask(visit.api["api-keys"].post(body));
    return { title: "API key made", body: apiKeySecretView(key, secret, visit.gatewayUrl) };
  } catch (error) {
    return apiKeyPage(typed, expiresAt, mendable(error).message);
  }
}

async function findApiKey({ api, params }: Visit): Promise<ApiKey | null> {
  const { api_keys: keys } = await ask(api["api-keys"].get());
  return keys.find(({ id }) => id === params["id"]) ?? null;
}

async function showEnd(visit: Visit): Promise<Answer> {
  const key = await findApiKey(visit);
  if (key === null || key.ended_at !== null) return notFound(visit);
  return { title: "End an API key", body: endApiKeyView(key) };
}

async function endApiKey(visit: Visit): Promise<Answer> {
  const id = encodeURIComponent(visit.params["id"] ?? "");
  const { name } = await ask(visit.api["api-keys"]({ id }).delete());
  return goTo("/accounts", `The API key ${name ?? id} is ended.`);
}
