/** `/caps`: what may be spent, and what was. */
import { ask, CHANGED_MEANWHILE, mendable } from "../../api.ts";
import { cutRows, isFound } from "../../cut.ts";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import { CAP_LABELS, capView, newCapView, removeCapView } from "./cap-view.tsx";
import { capsView } from "./list-view.tsx";
import { readScope, scopeText } from "./scope.tsx";
import { NEW_CAP, readCap, typedCap, warnPercentOf, type TypedCap } from "./terms.ts";

export const capRoutes: readonly Route[] = [
  { path: "/caps", area: "quotas", show: showAll },
  { path: "/caps/new", area: "quotas", show: showNew, act: create },
  { path: "/caps/:id", area: "quotas", show: showOne, act: change },
  { path: "/caps/:id/remove", area: "quotas", show: showRemove, act: remove },
];

async function showAll(visit: Visit): Promise<Page> {
  const search = visit.query.get("search") ?? "";
  const scope = visit.query.get("scope") ?? "";
  const { caps } = await ask(visit.api.caps.get());
  const shown = caps
    .filter((cap) => scope === "" || cap.scope === scope)
    .filter((cap) => isFound([cap.id, cap.scope_id], search))
    .toReversed();
  const cut = cutRows(visit, shown, ({ id }) => id);
  return { title: "Caps", body: capsView(visit, { cut, search, scope }) };
}

function capOf({ api, params }: Visit) {
  return api.caps({ id: encodeURIComponent(params["id"] ?? "") });
}

function newPage(visit: Visit, typed: TypedCap, fault: string | null): Page {
  return {
    title: "New cap",
    status: fault === null ? 200 : 400,
    body: newCapView(visit, { typed, fault }),
  };
}

/** The address may say for whom: `?scope=user&scope_id=ann`. */
function showNew(visit: Visit): Page {
  return newPage(visit, readCap(visit.query, NEW_CAP), null);
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readCap(visit.form, NEW_CAP);
  try {
    const { unit, amount, window, time_zone, mode } = typed;
    const cap = await ask(
      visit.api.caps.post({
        ...readScope(visit.form),
        unit,
        amount,
        window,
        time_zone: time_zone || "UTC",
        mode,
        warn_percent: warnPercentOf(typed),
      }),
    );
    return goTo("/caps", `The cap for ${scopeText(cap)} is made, and holds.`);
  } catch (error) {
    return newPage(visit, typed, mendable(error, CAP_LABELS).message);
  }
}

async function showOne(visit: Visit): Promise<Page> {
  const cap = await ask(capOf(visit).get());
  const body = capView(visit, cap, { typed: typedCap(cap), fault: null });
  return { title: `Cap for ${scopeText(cap)}`, body };
}

async function change(visit: Visit): Promise<Answer> {
  const before = await ask(capOf(visit).get());
  const typed = readCap(visit.form, typedCap(before));
  const { amount, mode } = typed;
  try {
    const cap = await ask(
      capOf(visit).patch(
        { amount, mode, warn_percent: warnPercentOf(typed) },
        { headers: { "if-match": `"${visit.form.get("version") ?? ""}"` } },
      ),
    );
    return goTo(`/caps/${encodeURIComponent(cap.id)}`, `The cap for ${scopeText(cap)} is changed.`);
  } catch (error) {
    const { status, message } = mendable(error, CAP_LABELS);
    const fault = status === 409 ? CHANGED_MEANWHILE : message;
    const title = `Cap for ${scopeText(before)}`;
    return { title, status, body: capView(visit, before, { typed, fault }) };
  }
}

async function showRemove(visit: Visit): Promise<Page> {
  const cap = await ask(capOf(visit).get());
  return { title: `Remove the cap for ${scopeText(cap)}`, body: removeCapView(cap) };
}

async function remove(visit: Visit): Promise<Answer> {
  const cap = await ask(capOf(visit).delete());
  return goTo("/caps", `The cap for ${scopeText(cap)} is removed.`);
}
