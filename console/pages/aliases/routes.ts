/** `/routes`: aliases, and the order of providers. */
import { ask, CHANGED_MEANWHILE, mendable } from "../../api.ts";
import { cutRows } from "../../cut.ts";
import { notFound } from "../../page.tsx";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import {
  removeAliasView,
  routingView,
  type Alias,
  type Routing,
  type TypedAlias,
} from "./view.tsx";

export const aliasRoutes: readonly Route[] = [
  { path: "/routes", area: "providers", show },
  { path: "/routes/aliases", area: "providers", act: addAlias },
  { path: "/routes/aliases/:alias/remove", area: "providers", show: showRemove, act: remove },
  { path: "/routes/order", area: "providers", act: askEarlier },
];

const NOTHING_TYPED: TypedAlias = { alias: "", target: "" };

async function show(
  visit: Visit,
  typed: TypedAlias = NOTHING_TYPED,
  fault: string | null = null,
): Promise<Page> {
  const routing = await ask(visit.api.routes.get());
  const cut = cutRows(visit, aliasesOf(routing), ({ alias }) => alias);
  return {
    title: "Routes",
    status: fault === null ? 200 : 400,
    body: routingView(visit, { routing, cut, typed, fault }),
  };
}

function aliasesOf(routing: Routing): readonly Alias[] {
  const { aliases, deployment_aliases: fixed, broken_aliases: broken } = routing;
  const all = [
    ...Object.entries(fixed).map(([alias, target]) => ({ alias, target, isFixed: true })),
    ...Object.entries(aliases).map(([alias, target]) => ({ alias, target, isFixed: false })),
  ];
  return all
    .map((each) => ({ ...each, isBroken: !each.isFixed && broken.includes(each.alias) }))
    .toSorted((one, other) => (one.alias < other.alias ? -1 : 1));
}

type Change = Parameters<Visit["api"]["routes"]["put"]>[0];

/** @throws (rejects with) ApiRefusal */
async function put({ api, form }: Visit, change: Change): Promise<void> {
  const headers = { "if-match": `"${form.get("version") ?? ""}"` };
  await ask(api.routes.put(change, { headers }));
}

function faultOf(error: unknown): string {
  const { code, message } = mendable(error);
  // A conflict that names what it is about is about the deployment's own aliases.
  return code === "conflict" && !message.includes("deployment") ? CHANGED_MEANWHILE : message;
}

async function addAlias(visit: Visit): Promise<Answer> {
  const typed = {
    alias: visit.form.get("alias")?.trim() ?? "",
    target: visit.form.get("target")?.trim() ?? "",
  };
  try {
    const { aliases } = await ask(visit.api.routes.get());
    await put(visit, { aliases: { ...aliases, [typed.alias]: typed.target } });
    return goTo("/routes", `${typed.alias} leads to ${typed.target} from now on.`);
  } catch (error) {
    return show(visit, typed, faultOf(error));
  }
}

async function showRemove(visit: Visit): Promise<Answer> {
  const alias = visit.params["alias"] ?? "";
  const { aliases, version } = await ask(visit.api.routes.get());
  const target = new Map(Object.entries(aliases)).get(alias);
  if (target === undefined) return notFound(visit);
  return { title: `Remove ${alias}`, body: removeAliasView(alias, target, version) };
}

async function remove(visit: Visit): Promise<Answer> {
  const alias = visit.params["alias"] ?? "";
  const { aliases } = await ask(visit.api.routes.get());
  const others = Object.entries(aliases).filter(([name]) => name !== alias);
  if (others.length === Object.keys(aliases).length) return notFound(visit);
  try {
    await put(visit, { aliases: Object.fromEntries(others) });
    return goTo("/routes", `The alias ${alias} is removed.`);
  } catch (error) {
    return show(visit, NOTHING_TYPED, faultOf(error));
  }
}

/** One place up; from then on the order of all is set. */
async function askEarlier(visit: Visit): Promise<Answer> {
  const name = visit.form.get("provider") ?? "";
  const { effective_order: order } = await ask(visit.api.routes.get());
  const at = order.indexOf(name);
  const before = order[at - 1];
  if (before === undefined) return notFound(visit);
  try {
    await put(visit, { order: order.with(at - 1, name).with(at, before) });
    return goTo("/routes", `${name} is asked before ${before} from now on.`);
  } catch (error) {
    return show(visit, NOTHING_TYPED, faultOf(error));
  }
}
