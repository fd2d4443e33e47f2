/** `/admin/subjects`: whose content is sealed, and the destruction of a subject's content key. Shows no content, opens none. */
import { t } from "elysia";
import type { Subject } from "../../../db/store.ts";
import type { AuditDraft } from "../../audit/entry.ts";
import { record } from "../../audit/record.ts";
import { parseSubjectName } from "../../content/subject-name.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { AdminError } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { invalid, parseLimit, readParameters } from "./query.ts";

const HANDLE = /^[0-9a-f]{32}$/;

const SubjectRecord = t.Object({
  id: t.String({ description: "The subject's handle, as in an envelope's head" }),
  kind: t.String({ description: "user | team | key" }),
  name: t.String(),
  claimed_through: t.Union([t.String(), t.Null()], {
    description:
      "Id of the client key through which callers claimed the name; null: the key binds it",
  }),
  kid: t.String({ description: "The master key that wraps the subject's key" }),
  created_at: t.String({ format: "date-time" }),
});

type SubjectRecord = typeof SubjectRecord.static;

const Erasure = t.Object(
  {
    id: t.String(),
    state: t.Literal("erased"),
    message: t.String({ description: "What that means" }),
  },
  { description: "The key is gone" },
);

/** In the audit log. */
const ERASE = "subject.erase";
const ERASED =
  "The key is destroyed. Everything sealed under it is unreadable from now on, and nothing brings it back; " +
  "only copies of subjects.sqlite made before still open it, together with the master key.";

const Text = (description: string) => t.Optional(t.String({ description }));

export function subjectRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/subjects", "privacy")
    .get("", ({ request }) => findSubjects(deps, parseQuery(request.url)), {
      query: t.Object(
        {
          kind: Text("Subjects of this kind: user | team | key"),
          name: Text("Subjects of this name. A page may hold fewer than `limit`, or none: go on"),
          cursor: Text("`next_cursor` of the page before"),
          limit: Text("1 to 1000, default 100"),
        },
        { additionalProperties: true },
      ),
      response: {
        200: t.Object(
          { subjects: t.Array(SubjectRecord), next_cursor: t.Union([t.String(), t.Null()]) },
          { description: "One page" },
        ),
        400: AdminError,
        401: AdminError,
        403: AdminError,
        503: AdminError,
      },
      detail: {
        tags: ["Privacy"],
        summary: "Whose content is sealed, in the order of the handles",
        security: [{ adminToken: [] }],
      },
    })
    .delete(
      "/:id/content-key",
      async ({ params, actor }) => {
        await eraseSubject(deps, params.id, actor.name);
        return { id: params.id, state: "erased" as const, message: ERASED };
      },
      {
        parse: "none",
        params: t.Object({ id: t.String({ description: "The subject's handle" }) }),
        response: {
          200: Erasure,
          400: AdminError,
          401: AdminError,
          403: AdminError,
          404: AdminError,
          503: AdminError,
        },
        detail: {
          tags: ["Privacy"],
          summary: "Destroy a subject's content key: irreversible",
          description: ERASED,
          security: [{ adminToken: [] }],
        },
      },
    );
}

function toRecord({ handle, name, kid, createdAtMs }: Subject) {
  const parts = parseSubjectName(name);
  return {
    id: handle,
    kind: parts?.kind ?? "key",
    name: parts?.name ?? "",
    claimed_through: parts?.claimedThrough ?? null,
    kid,
    created_at: new Date(createdAtMs).toISOString(),
  };
}

/** Names are looked for in one page's worth of this many subjects. */
const MAX_LOOKED_AT = 10_000;
const STEP = 1_000;

async function findSubjects(deps: Deps, { after, limit, kind, name }: SubjectsQuery) {
  const isAll = kind === null && name === null;
  const found: SubjectRecord[] = [];
  let cursor = after;
  for (let looked = 0; looked < MAX_LOOKED_AT; looked += STEP) {
    const count = isAll ? limit : STEP;
    const page = await readSubjects(deps, cursor, count);
    const wanted = page
      .map(toRecord)
      .filter((each) => (kind ?? each.kind) === each.kind && (name ?? each.name) === each.name);
    const taken = wanted.slice(0, limit - found.length);
    found.push(...taken);
    const isFull = found.length === limit;
    cursor = (isFull ? taken.at(-1)?.id : page.at(-1)?.handle) ?? null;
    if (page.length < count && taken.length === wanted.length) cursor = null;
    if (isFull || cursor === null) break;
  }
  return { subjects: found, next_cursor: cursor };
}

async function readSubjects(deps: Deps, after: string | null, limit: number) {
  try {
    return await deps.subjects.subjects(after, limit);
  } catch {
    throw new GatewayError("store_unavailable");
  }
}

async function eraseSubject(deps: Deps, handle: string, actor: string): Promise<void> {
  if (!HANDLE.test(handle)) {
    throw new GatewayError("invalid_request", {
      field: "id",
      hint: "It is a subject's handle: 32 hex digits, as `GET /admin/subjects` lists them.",
    });
  }
  let isErased: boolean;
  try {
    isErased =
      (await deps.subjects.erase(handle, deps.clock.now())) || (await lacksEntry(deps, handle));
    if (isErased) await record(deps.store.audit, erasure(handle, actor, deps.clock.now()));
  } catch {
    throw new GatewayError("store_unavailable");
  }
  if (isErased) return;
  throw new GatewayError("not_found", {
    field: "id",
    hint: "There is no such subject, or its key was destroyed before.",
  });
}

/** The key was destroyed, and the audit log could not be written then: whoever asks again completes it. */
async function lacksEntry({ subjects, store }: Deps, handle: string): Promise<boolean> {
  const tombstones = await subjects.erased();
  if (!tombstones.some((tombstone) => tombstone.handle === handle)) return false;
  const entries = await store.audit.list({
    fromMs: 0,
    toMs: Number.MAX_SAFE_INTEGER,
    where: { action: ERASE, target: handle },
    beforeSeq: null,
    limit: 1,
  });
  return entries.length === 0;
}

function erasure(handle: string, actor: string, timeMs: number): AuditDraft {
  return {
    timeMs,
    actor,
    action: ERASE,
    target: handle,
    before: { state: "live" },
    after: { state: "erased" },
  };
}

interface SubjectsQuery {
  readonly after: string | null;
  readonly limit: number;
  readonly kind: string | null;
  readonly name: string | null;
}

function parseQuery(url: string): SubjectsQuery {
  const parameters = readParameters(url, ["cursor", "limit", "kind", "name"]);
  const after = parameters.get("cursor") ?? null;
  if (after !== null && !HANDLE.test(after)) {
    throw invalid("cursor", "It is the `next_cursor` of the page before.");
  }
  const kind = parameters.get("kind") ?? null;
  if (kind !== null && !["user", "team", "key"].includes(kind)) {
    throw invalid("kind", "It is user, team or key.");
  }
  return {
    after,
    limit: parseLimit(parameters.get("limit")),
    kind,
    name: parameters.get("name") ?? null,
  };
}
