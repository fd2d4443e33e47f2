/** The subject keys of a data directory, for a command beside a running gateway. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSubjects } from "../../db/sqlite/subjects.ts";
import type { SubjectStore } from "../../db/store.ts";
import { CONTENT_FILES } from "../content/files.ts";
import { CommandError } from "./failure.ts";

/** @throws CommandError where nothing was ever sealed: a mistyped directory must not become a new one */
export function openSubjectsForTool(dataDir: string): SubjectStore {
  const database = join(dataDir, CONTENT_FILES.subjects);
  if (!existsSync(database)) {
    throw new CommandError(
      `there is no ${CONTENT_FILES.subjects} in ANYRAY_DATA_DIR: nothing was sealed there yet, or it is another directory.`,
    );
  }
  return openSubjects({ database, erasedList: join(dataDir, CONTENT_FILES.erased) });
}
