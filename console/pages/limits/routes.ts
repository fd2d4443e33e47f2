/** `/limits`: how fast, and how many at once. */
import { ApiRefusal, ask, CHANGED_MEANWHILE, mendable } from "../../api.ts";
import { cutRows } from "../../cut.ts";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import { readScope, scopeText } from "../caps/scope.tsx";
import {
  BOUNDS,
  LABELS,
  limitFormView,
  limitsView,
  removeLimitView,
  type Limit,
  type LimitForm,
  type TypedLimit,
} from "./view.tsx";

export const limitRoutes: readonly Route[] = [
  { path: "/limits", area: "quotas", show: showAll },
  { path: "/limits/new", area: "quotas", show: showNew, act: create },
  { path: "/limits/:id", area: "quotas", show: showOne, act: change },
  { path: "/limits/:id/remove", area: "quotas", show: showRemove, act: remove },
];

async function showAll(visit: Visit): Promise<Page> {
  const { limits } = await ask(visit.api.limits.get());
  const cut = cutRows(visit, limits.toReversed(), ({ id }) => id);
  return { title: "Rate limits", body: limitsView(visit, cut) };
}

function readTyped(from: URLSearchParams): TypedLimit {
  const of = (name: keyof TypedLimit) => from.get(name)?.trim() ?? "";
  return {
    scope: of("scope") || "key",
    scope_id: of("scope_id"),
    requests_per_minute: of("requests_per_minute"),
    tokens_per_minute: of("tokens_per_minute"),
    concurrent: of("concurrent"),
  };
}

/** What is no number goes to the gateway as one that it refuses, in its words. */
function boundsOf(typed: TypedLimit) {
  const of = (text: string) => (text === "" ? null : /^\d{1,12}$/.test(text) ? Number(text) : -1);
  return Object.fromEntries(BOUNDS.map((name) => [name, of(typed[name])]));
}

function typedOf(limit: Limit): TypedLimit {
  const of = (value: number | null) => (value === null ? "" : String(value));
  return {
    scope: limit.scope,
    scope_id: limit.scope_id ?? "",
    requests_per_minute: of(limit.requests_per_minute),
    tokens_per_minute: of(limit.tokens_per_minute),
    concurrent: of(limit.concurrent),
  };
}

function formPage(visit: Visit, form: LimitForm): Page {
  const { limit, fault } = form;
  return {
    title: limit === null ? "New limit" : `Limit for ${scopeText(limit)}`,
    status: fault === null ? 200 : 400,
    body: limitFormView(visit, form),
  };
}

function showNew(visit: Visit): Page {
  return formPage(visit, { limit: null, typed: readTyped(visit.query), fault: null });
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit.form);
  try {
    const body = { ...readScope(visit.form), ...boundsOf(typed) };
    const limit = await ask(visit.api.limits.post(body));
    return goTo("/limits", `The limit for ${scopeText(limit)} is made, and holds.`);
  } catch (error) {
    return formPage(visit, { limit: null, typed, fault: mendable(error, LABELS).message });
  }
}

/** The API lists them, and has no address to read one. @throws (rejects with) ApiRefusal where the gateway is away */
async function findLimit({ api, params }: Visit): Promise<Limit> {
  const { limits } = await ask(api.limits.get());
  const limit = limits.find(({ id }) => id === params["id"]);
  if (limit === undefined) throw new ApiRefusal(404, "not_found", "There is no such limit.", null);
  return limit;
}

async function showOne(visit: Visit): Promise<Page> {
  const limit = await findLimit(visit);
  return formPage(visit, { limit, typed: typedOf(limit), fault: null });
}

async function change(visit: Visit): Promise<Answer> {
  const before = await findLimit(visit);
  const typed = readTyped(visit.form);
  try {
    const limit = await ask(
      visit.api.limits({ id: encodeURIComponent(before.id) }).patch(boundsOf(typed), {
        headers: { "if-match": `"${visit.form.get("version") ?? ""}"` },
      }),
    );
    return goTo("/limits", `The limit for ${scopeText(limit)} is changed.`);
  } catch (error) {
    const { status, message } = mendable(error, LABELS);
    const fault = status === 409 ? CHANGED_MEANWHILE : message;
    return { ...formPage(visit, { limit: before, typed, fault }), status };
  }
}

async function showRemove(visit: Visit): Promise<Page> {
  const limit = await findLimit(visit);
  return { title: `Remove the limit for ${scopeText(limit)}`, body: removeLimitView(limit) };
}

async function remove(visit: Visit): Promise<Answer> {
  const id = encodeURIComponent(visit.params["id"] ?? "");
  const limit = await ask(visit.api.limits({ id }).delete());
  return goTo("/limits", `The limit for ${scopeText(limit)} is removed.`);
}
