/** `/users` and `/teams`: who spends, what they may spend, and the end of what is sealed for them. */
import { ask, ApiRefusal } from "../../api.ts";
import { isConfirmed } from "../../components/confirm.tsx";
import { notFound } from "../../page.tsx";
import { hasAll } from "../../components/later.tsx";
import { rangeQuery, readRange, type Range } from "../../range.ts";
import { canRead, goTo, type Answer, type Route, type Visit } from "../../visit.ts";
import { eraseView } from "./erase-view.tsx";
import type { Kind, Subject } from "./kind.ts";
import { peopleView } from "./list-view.tsx";
import { behindView, type BehindFacts } from "./behind-view.tsx";
import { personView } from "./person-view.tsx";

export const peopleRoutes: readonly Route[] = (["user", "team"] as const).flatMap((kind) => [
  { path: `/${kind}s`, area: "spend", show: (visit: Visit) => showAll(visit, kind) },
  { path: `/${kind}s/:name`, area: "spend", show: (visit: Visit) => showOne(visit, kind) },
  {
    path: `/${kind}s/:name/behind`,
    area: "spend",
    show: (visit: Visit) => showBehind(visit, kind),
  },
  {
    path: `/${kind}s/:name/erase`,
    area: "privacy",
    show: (visit: Visit) => showErase(visit, kind, null),
    act: (visit: Visit) => erase(visit, kind),
  },
]);

/** The costliest; who is not among them is found by name. */
const MAX_PEOPLE = "100";
const LAST_REQUESTS = "10";
const MAX_GROUPS = "1000";
/** Questions for a subject by name: as many as look at 100,000 of them. */
const MAX_ROUNDS = 10;

async function showAll(visit: Visit, kind: Kind): Promise<Answer> {
  const wanted = visit.query.get("name")?.trim() ?? "";
  if (wanted !== "") return goTo(`/${kind}s/${encodeURIComponent(wanted)}`);
  const range = readRange(visit.query, visit.nowMs);
  const query = { ...rangeQuery(range), limit: MAX_PEOPLE };
  const people =
    kind === "user"
      ? (await ask(visit.api.users.get({ query }))).users
      : (await ask(visit.api.teams.get({ query }))).teams;
  return {
    title: kind === "user" ? "Users" : "Teams",
    body: peopleView(visit, kind, range, people),
  };
}

async function showOne(visit: Visit, kind: Kind): Promise<Answer> {
  const { api } = visit;
  const name = visit.params["name"] ?? "";
  const range = readRange(visit.query, visit.nowMs);
  const query = { ...rangeQuery(range), name };
  const [course, people, subjects, behind] = await Promise.all([
    ask(
      api.spend.get({
        query: { ...rangeQuery(range), [kind]: name, group_by: range.step, limit: MAX_GROUPS },
      }),
    ),
    kind === "user"
      ? ask(api.users.get({ query })).then(({ users }) => users)
      : ask(api.teams.get({ query })).then(({ teams }) => teams),
    canRead(visit, "privacy") ? findSubjects(visit, kind, name) : null,
    hasAll(visit) ? readBehind(visit, kind, name, range) : null,
  ]);
  const person = people[0] ?? null;
  // Nobody was ever called so: no spend, no key, nothing sealed.
  const isKnown = person !== null || (subjects ?? []).length > 0;
  if (!isKnown && !(await wasSeen(visit, kind, name))) return notFound(visit);
  const body = personView(visit, { kind, name, range, course, person, subjects, behind });
  return { title: name, body };
}

async function showBehind(visit: Visit, kind: Kind): Promise<Answer> {
  const name = visit.params["name"] ?? "";
  const range = readRange(visit.query, visit.nowMs);
  return { piece: behindView(visit, await readBehind(visit, kind, name, range)) };
}

async function readBehind(
  { api }: Visit,
  kind: Kind,
  name: string,
  range: Range,
): Promise<BehindFacts> {
  const where = { ...rangeQuery(range), [kind]: name };
  const spend = (group: string) => ask(api.spend.get({ query: { ...where, group_by: group } }));
  const [models, others, { records }] = await Promise.all([
    spend("model"),
    spend(kind === "user" ? "team" : "user"),
    ask(api.spend.records.get({ query: { ...where, limit: LAST_REQUESTS } })),
  ]);
  return { kind, name, range, models, others, records };
}

/** At any time, not in the range alone. */
async function wasSeen({ api }: Visit, kind: Kind, name: string): Promise<boolean> {
  const query = { from: "2020-01-01", [kind]: name, limit: "1" };
  return (await ask(api.spend.records.get({ query }))).records.length > 0;
}

/** All subjects of the name: the one that keys bind, and one for each key through which callers claimed it. */
async function findSubjects({ api }: Visit, kind: Kind, name: string): Promise<readonly Subject[]> {
  const found: Subject[] = [];
  let cursor: string | null = null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const query = { kind, name, ...(cursor === null ? {} : { cursor }) };
    const page: { subjects: Subject[]; next_cursor: string | null } = await ask(
      api.subjects.get({ query }),
    );
    found.push(...page.subjects);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return found;
}

async function showErase(visit: Visit, kind: Kind, fault: string | null): Promise<Answer> {
  const name = visit.params["name"] ?? "";
  const id = visit.form.get("subject") ?? visit.query.get("subject");
  const subjects = await findSubjects(visit, kind, name);
  const subject = subjects.find((each) => each.id === id);
  if (subject === undefined) return notFound(visit);
  return {
    title: `Erase ${name}`,
    status: fault === null ? 200 : 400,
    body: eraseView(kind, subject, fault),
  };
}

async function erase(visit: Visit, kind: Kind): Promise<Answer> {
  const name = visit.params["name"] ?? "";
  if (!isConfirmed(visit.form, name)) {
    return showErase(visit, kind, "The name was not typed as it stands here. Nothing was erased.");
  }
  const id = visit.form.get("subject") ?? "";
  // What is erased is what the page showed: a handle of this name, and no other.
  const subjects = await findSubjects(visit, kind, name);
  if (!subjects.some((each) => each.id === id)) return notFound(visit);
  try {
    await ask(visit.api.subjects({ id: encodeURIComponent(id) })["content-key"].delete());
  } catch (error) {
    // Someone else was faster: it is gone all the same.
    if (!(error instanceof ApiRefusal) || error.status !== 404) throw error;
  }
  const path = `/${kind}s/${encodeURIComponent(name)}`;
  return goTo(
    path,
    `The content key of ${name} is destroyed. What was sealed under it is unreadable for good.`,
  );
}
