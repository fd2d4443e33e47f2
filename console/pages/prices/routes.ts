/** `/prices`: the operator's own prices, and what a model costs with the vendored ones. */
import { ApiRefusal, ask, CHANGED_MEANWHILE, mendable } from "../../api.ts";
import { plural } from "../../components/format.ts";
import { cutRows } from "../../cut.ts";
import { notFound } from "../../page.tsx";
import { goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import {
  fileOf,
  newPrice,
  parseFile,
  readTyped,
  type Price,
  type PriceFile,
  type TypedPrice,
} from "./terms.ts";
import { importView, newPriceView, pricesView, removePriceView, type Lookup } from "./view.tsx";

export const priceRoutes: readonly Route[] = [
  { path: "/prices", area: "providers", show: (visit) => showAll(visit) },
  { path: "/prices/new", area: "providers", show: showNew, act: create },
  { path: "/prices/import", area: "providers", show: showImport, act: importFile },
  { path: "/prices/remove", area: "providers", show: showRemove, act: remove },
];

async function showAll(visit: Visit, fault: string | null = null): Promise<Page> {
  const [prices, lookup] = await Promise.all([ask(visit.api.prices.get()), lookUp(visit)]);
  const rows = prices.overrides.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const cut = cutRows(visit, rows, nameOf);
  return {
    title: "Prices",
    status: fault === null ? 200 : 409,
    body: pricesView(visit, { prices, cut, lookup, fault }),
  };
}

function nameOf({ provider, model }: Pick<Price, "provider" | "model">): string {
  return `${provider}/${model}`;
}

async function lookUp({ api, query }: Visit): Promise<Lookup> {
  const [provider, model] = ["provider", "model"].map((name) => query.get(name)?.trim() ?? "");
  const where = { provider: provider ?? "", model: model ?? "" };
  if (where.provider === "" || where.model === "") return { ...where, price: null, isAsked: false };
  try {
    const price = await ask(api.prices.effective.get({ query: where }));
    return { ...where, price, isAsked: true };
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 404) throw error;
    return { ...where, price: null, isAsked: true };
  }
}

async function put({ api, form }: Visit, file: PriceFile) {
  const headers = { "if-match": `"${form.get("revision") ?? ""}"` };
  return ask(api.prices.put(file, { headers }));
}

/** @throws what no form's reader can mend */
function faultOf(error: unknown): string {
  const { status, message } = mendable(error);
  return status === 409 ? CHANGED_MEANWHILE : message;
}

async function newPage(visit: Visit, typed: TypedPrice, fault: string | null): Promise<Page> {
  const { revision } = await ask(visit.api.prices.get());
  return {
    title: "New price",
    status: fault === null ? 200 : 400,
    body: newPriceView({ typed, revision, fault }),
  };
}

/** The address may say for what: `?provider=openai&model=gpt-5`. */
function showNew(visit: Visit): Promise<Page> {
  return newPage(visit, readTyped(visit.query, newPrice(visit.nowMs)), null);
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit.form, newPrice(visit.nowMs));
  try {
    await put(visit, fileOf(typed));
    return goTo("/prices", `${nameOf(typed)} has a price of your own from now on.`);
  } catch (error) {
    return newPage(visit, typed, faultOf(error));
  }
}

async function importPage(visit: Visit, text: string, fault: string | null): Promise<Page> {
  const { revision } = await ask(visit.api.prices.get());
  return {
    title: "Import prices",
    status: fault === null ? 200 : 400,
    body: importView({ text, revision, fault }),
  };
}

function showImport(visit: Visit): Promise<Page> {
  return importPage(visit, "", null);
}

async function importFile(visit: Visit): Promise<Answer> {
  const text = visit.form.get("file") ?? "";
  const file = parseFile(text);
  if (file === null) {
    const fault = "That is no price file: it is a JSON object with version and prices.";
    return importPage(visit, text, fault);
  }
  try {
    const { stored, version } = await put(visit, file);
    return goTo("/prices", `${plural(stored, "price")} of ${version} stored.`);
  } catch (error) {
    return importPage(visit, text, faultOf(error));
  }
}

async function showRemove(visit: Visit): Promise<Answer> {
  const { overrides, revision } = await ask(visit.api.prices.get());
  const [provider, model] = [visit.query.get("provider"), visit.query.get("model")];
  const price = overrides.find((each) => each.provider === provider && each.model === model);
  if (price === undefined) return notFound(visit);
  return { title: "Remove a price", body: removePriceView(price, revision) };
}

async function remove(visit: Visit): Promise<Answer> {
  const { form, api } = visit;
  const where = { provider: form.get("provider") ?? "", model: form.get("model") ?? "" };
  const headers = { "if-match": `"${form.get("revision") ?? ""}"` };
  try {
    await ask(api.prices.delete(undefined, { query: where, headers }));
    return goTo("/prices", `Your price of ${nameOf(where)} is removed.`);
  } catch (error) {
    return showAll(visit, faultOf(error));
  }
}
