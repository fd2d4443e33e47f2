/** `/keys`: client keys. A secret stands in the answer to the form that made it, and nowhere else. */
import { ask, mendable } from "../../api.ts";
import { hasAll } from "../../components/later.tsx";
import { PAGE_ROWS } from "../../cut.ts";
import { rangeQuery, readRange } from "../../range.ts";
import { canRead, goTo, type Answer, type Page, type Route, type Visit } from "../../visit.ts";
import {
  KEY_LABELS,
  keyFormView,
  revokeView,
  rotateView,
  secretView,
  USUAL_OVERLAP,
} from "./form-view.tsx";
import { keysView } from "./list-view.tsx";
import { keySpendView, keyView } from "./key-view.tsx";
import {
  changesOf,
  keyName,
  NOTHING_TYPED,
  readTyped,
  typedOf,
  type Key,
  type TypedTerms,
} from "./terms.ts";

export const keyRoutes: readonly Route[] = [
  { path: "/keys", area: "keys", show: showAll },
  { path: "/keys/new", area: "keys", show: showNew, act: create },
  { path: "/keys/:id", area: "keys", show: showOne },
  { path: "/keys/:id/spend", area: "spend", show: showSpend },
  { path: "/keys/:id/change", area: "keys", show: showChange, act: change },
  { path: "/keys/:id/rotate", area: "keys", show: showRotate, act: rotate },
  { path: "/keys/:id/revoke", area: "keys", show: showRevoke, act: revoke },
];

const MONTH = new URLSearchParams({ range: "30d" });

async function showAll(visit: Visit): Promise<Page> {
  const search = visit.query.get("search")?.trim() ?? "";
  const state = visit.query.get("state") ?? "";
  const cursor = visit.query.get("cursor");
  const query = {
    order: "newest",
    limit: String(PAGE_ROWS),
    ...(search === "" ? {} : { search }),
    ...(state === "" ? {} : { state }),
    ...(cursor === null ? {} : { cursor }),
  };
  const { keys, next_cursor: nextCursor } = await ask(visit.api.keys.get({ query }));
  return { title: "Keys", body: keysView(visit, { keys, nextCursor, search, state }) };
}

function keyOf({ api, params }: Visit) {
  return api.keys({ id: encodeURIComponent(params["id"] ?? "") });
}

async function showOne(visit: Visit): Promise<Page> {
  const key = await ask(keyOf(visit).get());
  const isLate = !hasAll(visit);
  const totals = canRead(visit, "spend")
    ? isLate
      ? null
      : await spendOf(visit, key.id)
    : undefined;
  return { title: keyName(key), body: keyView(visit, key, totals) };
}

async function showSpend(visit: Visit): Promise<Answer> {
  const id = visit.params["id"] ?? "";
  return { piece: keySpendView(id, await spendOf(visit, id)) };
}

async function spendOf({ api, nowMs }: Visit, id: string) {
  const where = { ...rangeQuery(readRange(MONTH, nowMs)), key_id: id };
  const query = { ...where, group_by: "key_id", limit: "1" };
  return (await ask(api.spend.get({ query }))).totals;
}

/** Names of those that could be given the caller's own credential. */
export async function providerNames(visit: Visit): Promise<readonly string[]> {
  if (!canRead(visit, "providers")) return [];
  return (await ask(visit.api.providers.get())).providers.map(({ id }) => id);
}

interface FormState {
  readonly key: Key | null;
  readonly typed: TypedTerms;
  readonly fault?: string;
}

async function formPage(visit: Visit, { key, typed, fault }: FormState): Promise<Page> {
  const providers = await providerNames(visit);
  return {
    title: key === null ? "New key" : `Change ${keyName(key)}`,
    status: fault === undefined ? 200 : 400,
    body: keyFormView({ key, typed, providers, fault: fault ?? null }),
  };
}

function showNew(visit: Visit): Promise<Page> {
  return formPage(visit, { key: null, typed: NOTHING_TYPED });
}

async function create(visit: Visit): Promise<Answer> {
  const typed = readTyped(visit.form);
  try {
    const { key, secret } = await ask(visit.api.keys.post(changesOf(NOTHING_TYPED, typed)));
    const said = `The key ${keyName(key)} is made, and works.`;
    return secretPage(visit, "Key made", { key, secret, said });
  } catch (error) {
    return formPage(visit, { key: null, typed, fault: mendable(error, KEY_LABELS).message });
  }
}

interface Made {
  readonly key: Key;
  readonly secret: string;
  readonly said: string;
}

function secretPage({ gatewayUrl }: Visit, title: string, made: Made): Page {
  return { title, body: secretView({ title, gatewayUrl, ...made }) };
}

async function showChange(visit: Visit): Promise<Page> {
  const key = await ask(keyOf(visit).get());
  return formPage(visit, { key, typed: typedOf(key) });
}

async function change(visit: Visit): Promise<Answer> {
  const key = await ask(keyOf(visit).get());
  const typed = { ...readTyped(visit.form), key_expires_at: "" };
  try {
    const changed = await ask(keyOf(visit).patch(changesOf(typedOf(key), typed)));
    const path = `/keys/${encodeURIComponent(key.id)}`;
    return goTo(path, `The key ${keyName(changed)} is changed.`);
  } catch (error) {
    return formPage(visit, { key, typed, fault: mendable(error, KEY_LABELS).message });
  }
}

async function showRotate(visit: Visit): Promise<Page> {
  const key = await ask(keyOf(visit).get());
  return { title: `Rotate ${keyName(key)}`, body: rotateView(key, null) };
}

async function rotate(visit: Visit): Promise<Answer> {
  const overlap = Number(visit.form.get("overlap") ?? USUAL_OVERLAP);
  try {
    const { key, secret } = await ask(keyOf(visit).rotate.post({ overlap_seconds: overlap }));
    const said =
      overlap === 0
        ? `The key ${keyName(key)} has a new secret; the former one counts no more.`
        : `The key ${keyName(key)} has a new secret; the former one still counts for a while.`;
    return secretPage(visit, "Key rotated", { key, secret, said });
  } catch (error) {
    const { message } = mendable(error);
    const key = await ask(keyOf(visit).get());
    return { title: `Rotate ${keyName(key)}`, status: 400, body: rotateView(key, message) };
  }
}

async function showRevoke(visit: Visit): Promise<Page> {
  const key = await ask(keyOf(visit).get());
  return { title: `Revoke ${keyName(key)}`, body: revokeView(key, null) };
}

async function revoke(visit: Visit): Promise<Answer> {
  try {
    const key = await ask(keyOf(visit).delete());
    return goTo("/keys", `The key ${keyName(key)} is revoked.`);
  } catch (error) {
    const { message } = mendable(error);
    const key = await ask(keyOf(visit).get());
    return { title: `Revoke ${keyName(key)}`, status: 400, body: revokeView(key, message) };
  }
}
