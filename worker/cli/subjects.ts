/** `anyray subjects list|erase`: whose content is stored, and how to make it unreadable for good. */
import { parseArgs } from "node:util";
import type { Subject, SubjectStore } from "../../db/store.ts";
import { parseSubjectName } from "../content/subject-name.ts";
import { withAudit } from "./audit-entry.ts";
import type { ContentTools } from "./content-tools.ts";
import { UsageError } from "./failure.ts";
import { table } from "./terminal.ts";

const PAGE = 500;

export async function runSubjects(args: readonly string[], tools: ContentTools): Promise<number> {
  const [name, ...rest] = args;
  if (name === "list") return list(rest, tools);
  if (name === "erase") return erase(rest, tools);
  throw new UsageError("`subjects` takes list or erase.");
}

async function readAll(subjects: SubjectStore): Promise<Subject[]> {
  const all: Subject[] = [];
  for (let after: string | null = null; ;) {
    const page: readonly Subject[] = await subjects.list(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return all;
    all.push(...page);
    after = last.handle;
  }
}

interface Row {
  readonly handle: string;
  readonly kind: string;
  readonly name: string;
  readonly claimed_through: string | null;
  readonly kid: string;
  readonly since: string;
}

function toRow(subject: Subject): Row {
  const parts = parseSubjectName(subject.name);
  return {
    handle: subject.handle,
    kind: parts?.kind ?? "unknown",
    name: parts?.name ?? "",
    claimed_through: parts?.claimedThrough ?? null,
    kid: subject.kid,
    since: new Date(subject.createdAtMs).toISOString(),
  };
}

async function list(args: readonly string[], tools: ContentTools): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
  const subjects = await tools.openSubjects();
  try {
    const rows = (await readAll(subjects)).map(toRow);
    if (values.json === true) tools.terminal.out(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) tools.terminal.say("No content has been sealed yet.");
    else {
      const cells = rows.map((row) => [
        row.handle,
        row.kind,
        row.name,
        row.claimed_through ?? "bound",
        row.kid,
        row.since,
      ]);
      tools.terminal.out(
        table([["SUBJECT", "KIND", "NAME", "NAMED BY", "KEY ID", "SINCE"], ...cells]),
      );
    }
    return 0;
  } finally {
    subjects.close();
  }
}

async function erase(args: readonly string[], tools: ContentTools): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { yes: { type: "boolean" }, "bound-only": { type: "boolean" } },
  });
  const [user, ...more] = positionals;
  if (user === undefined || more.length > 0)
    throw new UsageError("`subjects erase` takes one user.");
  const { terminal } = tools;
  const subjects = await tools.openSubjects();
  try {
    const found = (await readAll(subjects)).filter(({ name }) => {
      const parts = parseSubjectName(name);
      if (parts?.kind !== "user" || parts.name !== user) return false;
      return parts.claimedThrough === null || values["bound-only"] !== true;
    });
    if (found.length === 0) {
      terminal.say(
        "No content is sealed for that user. `anyray subjects list` shows for whom there is.",
      );
      return 1;
    }
    for (const subject of found) {
      const row = toRow(subject);
      const origin =
        row.claimed_through === null
          ? "named by the client key"
          : `claimed through ${row.claimed_through}`;
      terminal.out(`${row.handle}  since ${row.since}, ${origin}`);
    }
    if (values.yes !== true) {
      terminal.say(
        "Nothing was erased. With --yes these keys are destroyed, and all content sealed under them is lost for good.",
      );
      return 2;
    }
    await withAudit(tools, async (append) => {
      for (const { handle } of found) {
        await subjects.erase(handle, tools.now());
        await append({
          action: "subject.erase",
          target: handle,
          before: { state: "live" },
          after: { state: "erased" },
        });
      }
    });
    terminal.say(
      `${found.length} erased. A running gateway forgets them within a second. Copies of subjects.sqlite made before still open them, together with the master key: let those expire.`,
    );
    return 0;
  } finally {
    subjects.close();
  }
}
