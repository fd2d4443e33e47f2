/** The keys that `decrypt` opens with: subject keys of a data directory or a key export, and an auditor's private key. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSubjects } from "../../../db/sqlite/subjects.ts";
import type { Subject } from "../../../db/store.ts";
import { describeReadFailure } from "../../config/fault.ts";
import { CONTENT_FILES } from "../../content/files.ts";
import { parseSubjectName } from "../../content/subject-name.ts";
import { parseKeyExport } from "../../encryption/key-export.ts";
import type { SubjectState } from "../../encryption/open.ts";
import { parsePrivateKey, type RecipientKeyPair } from "../../encryption/recipients.ts";
import { CommandError } from "../failure.ts";

export interface SubjectKeySource {
  find(handle: string): SubjectState;
  /** Handles of a user's subjects; null where names are not known. */
  handlesOf(user: string): ReadonlySet<string> | null;
}

/** @throws CommandError */
export async function openKeySource(
  exportFile: string | undefined,
  dataDir: string | null,
): Promise<SubjectKeySource> {
  if (exportFile !== undefined) return fromExport(exportFile, erasuresIn(dataDir));
  const database = dataDir === null ? null : join(dataDir, CONTENT_FILES.subjects);
  if (dataDir === null || database === null || !existsSync(database)) {
    throw new CommandError(
      "no subject keys are at hand: name the data directory beside the other sources, or a key export with --keys (`anyray keys export` makes one).",
    );
  }
  const subjects = openSubjects({ database, erasedList: join(dataDir, CONTENT_FILES.erased) });
  try {
    const live: Subject[] = [];
    for (let after: string | null = null; ;) {
      const page: readonly Subject[] = await subjects.list(after, 1_000);
      live.push(...page);
      after = page.at(-1)?.handle ?? null;
      if (after === null) break;
    }
    const erased = await subjects.erased();
    const users = handlesByUser(live);
    const none: ReadonlySet<string> = new Set();
    return { find: lookup(live, erased), handlesOf: (user) => users.get(user) ?? none };
  } finally {
    subjects.close();
  }
}

function handlesByUser(subjects: readonly Subject[]): ReadonlyMap<string, ReadonlySet<string>> {
  const users = new Map<string, Set<string>>();
  for (const { name, handle } of subjects) {
    const parts = parseSubjectName(name);
    if (parts?.kind !== "user") continue;
    users.set(parts.name, (users.get(parts.name) ?? new Set()).add(handle));
  }
  return users;
}

function fromExport(path: string, alsoErased: readonly Tombstone[]): SubjectKeySource {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`the key export can't be read: ${describeReadFailure(error)}.`);
  }
  try {
    const { subjects, erased } = parseKeyExport(text);
    return { find: lookup(subjects, [...erased, ...alsoErased]), handlesOf: () => null };
  } catch (error) {
    // Our own words: they name a member and quote nothing.
    const why = error instanceof Error ? error.message : "it is malformed";
    throw new CommandError(`the key export can't be used: ${why}.`);
  }
}

interface Tombstone {
  readonly handle: string;
}

/** The data directory's own list, one line an erased subject, which the export may be older than. */
function erasuresIn(dataDir: string | null): readonly Tombstone[] {
  if (dataDir === null) return [];
  const path = join(dataDir, CONTENT_FILES.erased);
  if (!existsSync(path)) return [];
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`${path} can't be read: ${describeReadFailure(error)}.`);
  }
  return text.split("\n").flatMap((line) => {
    const handle = /^([0-9a-f]{32}) /.exec(line)?.[1];
    return handle === undefined ? [] : [{ handle }];
  });
}

function lookup(
  live: readonly { readonly handle: string; readonly kid: string; readonly wrapped: Uint8Array }[],
  erased: readonly Tombstone[],
): (handle: string) => SubjectState {
  const keys = new Map(live.map((each) => [each.handle, each]));
  const tombstones = new Set(erased.map(({ handle }) => handle));
  return (handle) => {
    // A tombstone wins: an older export may hold the key still.
    if (tombstones.has(handle)) return { state: "erased" };
    const key = keys.get(handle);
    if (key === undefined) return { state: "unknown" };
    return { state: "live", wrapped: { kid: key.kid, bytes: key.wrapped } };
  };
}

/** @throws CommandError */
export async function readPrivateKey(path: string | undefined): Promise<RecipientKeyPair | null> {
  if (path === undefined) return null;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`the private key can't be read: ${describeReadFailure(error)}.`);
  }
  const pair = await parsePrivateKey(text.trim());
  if (pair === null) {
    throw new CommandError("--identity names a file that holds no private key `arp_…`.");
  }
  return pair;
}
