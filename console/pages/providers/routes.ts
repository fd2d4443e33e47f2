/** `/providers`: where requests go; those of the deployment to be looked at, those that are set here to be changed. */
import { ApiRefusal, ask, CHANGED_MEANWHILE, mendable } from "../../api.ts";
import { isConfirmed } from "../../components/confirm.tsx";
import { cutRows } from "../../cut.ts";
import { notFound } from "../../page.tsx";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import { PROVIDER_LABELS, providerFormView, type ProviderForm } from "./form-view.tsx";
import { providersView } from "./list-view.tsx";
import { providerView, removeProviderView } from "./provider-view.tsx";
import {
  changesOf,
  NEW_PROVIDER,
  readTyped,
  typedOf,
  withoutSecrets,
  type Provider,
} from "./terms.ts";

export const providerRoutes: readonly Route[] = [
  { path: "/providers", area: "providers", show: showAll },
  { path: "/providers/new", area: "providers", show: showNew, act: create },
  { path: "/providers/:id", area: "providers", show: showOne, act: test },
  { path: "/providers/:id/change", area: "providers", show: showChange, act: change },
  { path: "/providers/:id/remove", area: "providers", show: showRemove, act: remove },
];

async function showAll(visit: Visit): Promise<Page> {
  const { providers } = await ask(visit.api.providers.get());
  const cut = cutRows(visit, providers, ({ id }) => id);
  return { title: "Providers", body: providersView(visit, cut) };
}

function providerOf({ api, params }: Visit) {
  return api.providers({ id: encodeURIComponent(params["id"] ?? "") });
}

async function showOne(visit: Visit): Promise<Page> {
  const provider = await ask(providerOf(visit).get());
  return { title: provider.id, body: providerView(visit, provider, null) };
}

/** Asks it for its models, and says what came of it. */
async function test(visit: Visit): Promise<Page> {
  const result = await ask(providerOf(visit).test.post());
  const provider = await ask(providerOf(visit).get());
  return { title: provider.id, body: providerView(visit, provider, result) };
}

function formPage(form: ProviderForm, status = form.fault === null ? 200 : 400): Page {
  const { provider } = form;
  return {
    title: provider === null ? "New provider" : `Change ${provider.id}`,
    status,
    body: providerFormView({ ...form, typed: withoutSecrets(form.typed) }),
  };
}

function showNew(): Page {
  return formPage({ provider: null, typed: NEW_PROVIDER, fault: null });
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit.form);
  try {
    const body = { id: typed.id, kind: typed.kind, ...changesOf(NEW_PROVIDER, typed) };
    const { id } = await ask(visit.api.providers.post(body));
    const said = `The provider ${id} is set. Test whether it answers.`;
    return goTo(`/providers/${encodeURIComponent(id)}`, said);
  } catch (error) {
    return formPage({ provider: null, typed, fault: refusalOf(error).message });
  }
}

/** What was secret is not shown again: the page says so. */
function refusalOf(error: unknown): ApiRefusal {
  const { status, code, message, requestId } = mendable(error, PROVIDER_LABELS);
  return new ApiRefusal(status, code, `${message} What is secret must be typed again.`, requestId);
}

/** One that can be changed here. */
async function findOwn(visit: Visit): Promise<Provider | null> {
  const provider = await ask(providerOf(visit).get());
  return provider.source === "database" ? provider : null;
}

async function showChange(visit: Visit): Promise<Answer> {
  const provider = await findOwn(visit);
  if (provider === null) return notFound(visit);
  return formPage({ provider, typed: typedOf(provider), fault: null });
}

async function change(visit: Visit): Promise<Answer> {
  const provider = await findOwn(visit);
  if (provider === null) return notFound(visit);
  const typed = { ...readTyped(visit.form), id: provider.id };
  try {
    const body = changesOf(typedOf(provider), typed);
    await ask(providerOf(visit).patch(body, { headers: ifMatch(visit) }));
    const path = `/providers/${encodeURIComponent(provider.id)}`;
    return goTo(path, `The provider ${provider.id} is changed.`);
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    const fault = code === "conflict" ? CHANGED_MEANWHILE : message;
    return formPage({ provider, typed, fault }, status);
  }
}

function ifMatch({ form }: Visit): Record<string, string> {
  return { "if-match": `"${form.get("version") ?? ""}"` };
}

async function showRemove(visit: Visit, fault: string | null = null): Promise<Answer> {
  const provider = await findOwn(visit);
  if (provider === null) return notFound(visit);
  return {
    title: `Remove ${provider.id}`,
    status: fault === null ? 200 : 400,
    body: removeProviderView(provider, fault),
  };
}

async function remove(visit: Visit): Promise<Answer> {
  const name = visit.params["id"] ?? "";
  if (!isConfirmed(visit.form, name)) {
    return showRemove(visit, "The name was not typed as it stands here. Nothing was removed.");
  }
  try {
    await ask(providerOf(visit).delete(undefined, { headers: ifMatch(visit) }));
    return goTo("/providers", `The provider ${name} is removed.`);
  } catch (error) {
    return showRemove(visit, mendable(error).message);
  }
}
