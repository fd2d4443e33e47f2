/** From the files that a command names to the content that they tell of: traces in JSON, the gateway's `content.sqlite`, or its data directory. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeReadFailure } from "../../config/fault.ts";
import { CONTENT_FILES } from "../../content/files.ts";
import { CommandError } from "../failure.ts";
import { recordsOfContentFile } from "./content-file.ts";
import { linesOf, ReadFailure } from "./file-lines.ts";
import { SourceFault } from "../../traces/read/json-places.ts";
import type { ContentRecord } from "./record.ts";
import { contentOfSpan } from "./spans.ts";
import { traceDocuments } from "../../traces/read/trace-json.ts";

const SQLITE = "SQLite format 3\0";

/** What a source may leave out because nobody asked for it. Other records than these may come all the same. */
export interface Wanted {
  readonly traceId: string | null;
  /** Inclusive and exclusive, ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Source {
  readonly path: string;
  /** The gateway's data directory, if the source lies in one. */
  readonly dataDir: string | null;
  /** Rejects with `CommandError`, which names the source and quotes nothing of it. */
  records(wanted: Wanted): AsyncGenerator<ContentRecord>;
}

/**
 * @param warn takes what a person should know of a source that can be read all the same
 * @throws CommandError naming the file, without quoting it
 */
export function openSource(path: string, warn: (line: string) => void): Source {
  const place = locate(path);
  if (place.kind === "database") {
    return {
      path,
      dataDir: dirname(place.path),
      records: (wanted) => recordsOfContentFile(place.path, wanted),
    };
  }
  return { path, dataDir: null, records: () => recordsOfJson(path, warn) };
}

function locate(path: string): { readonly kind: "database" | "json"; readonly path: string } {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
    if (!isDirectory) return { kind: isSqlite(path) ? "database" : "json", path };
  } catch (error) {
    throw unreadable(path, error);
  }
  const database = join(path, CONTENT_FILES.content);
  if (existsSync(database)) return { kind: "database", path: database };
  throw new CommandError(
    `${path} holds no ${CONTENT_FILES.content}: it is no data directory, or no content was kept.`,
  );
}

function unreadable(path: string, error: unknown): CommandError {
  return new CommandError(`${path} can't be read: ${describeReadFailure(error)}.`);
}

function isSqlite(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = new Uint8Array(SQLITE.length);
    return (
      readSync(file, head, 0, head.length, 0) === head.length &&
      new TextDecoder().decode(head) === SQLITE
    );
  } finally {
    closeSync(file);
  }
}

async function* recordsOfJson(
  path: string,
  warn: (line: string) => void,
): AsyncGenerator<ContentRecord> {
  try {
    for (const { spans, isPartial } of traceDocuments(linesOf(path))) {
      if (isPartial) {
        warn(`${path}: the trace back end says that it could not give all of the trace.`);
      }
      for (const span of spans) yield* contentOfSpan(span);
    }
  } catch (error) {
    if (error instanceof SourceFault) {
      throw new CommandError(`${path} can't be read as a trace: ${error.message}.`);
    }
    throw error instanceof ReadFailure ? unreadable(path, error.cause) : error;
  }
}
