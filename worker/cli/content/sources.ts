/** From the files that a command names to the content that they tell of: traces in JSON, the gateway's `content.sqlite`, or its data directory. */
import { existsSync, openSync, readFileSync, readSync, closeSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { openContent } from "../../../db/sqlite/content.ts";
import type { ContentCursor, ContentRow } from "../../../db/store.ts";
import { describeReadFailure } from "../../config/fault.ts";
import { CONTENT_FILES } from "../../content/files.ts";
import { CommandError } from "../failure.ts";
import type { ContentRecord } from "./record.ts";
import { contentOfSpan } from "./spans.ts";
import { spansOfJson } from "./trace-json.ts";

const SQLITE = "SQLite format 3\0";
const PAGE = 1_000;
/** Above this, JSON is no answer of a trace back end any more. */
const MAX_JSON_BYTES = 1024 * 1024 * 1024;

export interface Source {
  readonly path: string;
  /** The gateway's data directory, if the source lies in one. */
  readonly dataDir: string | null;
  records(): AsyncGenerator<ContentRecord>;
}

/** @throws CommandError naming the file, without quoting it */
export function openSource(path: string): Source {
  const place = locate(path);
  if (place.kind === "database") {
    return { path, dataDir: dirname(place.path), records: () => recordsOfDatabase(place.path) };
  }
  return { path, dataDir: null, records: () => recordsOfJson(path) };
}

function locate(path: string): { kind: "database" | "json"; path: string } {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw new CommandError(`the source can't be read: ${describeReadFailure(error)}.`);
  }
  if (!isDirectory) return { kind: isSqlite(path) ? "database" : "json", path };
  const database = join(path, CONTENT_FILES.content);
  if (existsSync(database)) return { kind: "database", path: database };
  throw new CommandError(
    `the directory holds no ${CONTENT_FILES.content}: it is no data directory, or no content was kept.`,
  );
}

function isSqlite(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = new Uint8Array(SQLITE.length);
    return readSync(file, head, 0, head.length, 0) === head.length
      ? new TextDecoder().decode(head) === SQLITE
      : false;
  } finally {
    closeSync(file);
  }
}

async function* recordsOfJson(path: string): AsyncGenerator<ContentRecord> {
  let text: string;
  try {
    if (statSync(path).size > MAX_JSON_BYTES) throw new Error("it is larger than 1 GiB");
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`the source can't be read: ${describeReadFailure(error)}.`);
  }
  let spans: ReturnType<typeof spansOfJson>;
  try {
    spans = spansOfJson(text);
  } catch (error) {
    // Our own words: a place, and what is wrong with it.
    const why = error instanceof Error ? error.message : "it is malformed";
    throw new CommandError(`the source is no trace that this command knows: ${why}.`);
  }
  for (const span of spans) yield* contentOfSpan(span);
}

async function* recordsOfDatabase(path: string): AsyncGenerator<ContentRecord> {
  const content = openContent(path);
  try {
    let after: ContentCursor | null = null;
    for (;;) {
      const page: readonly ContentRow[] = await content.since(
        0,
        Number.MAX_SAFE_INTEGER,
        after,
        PAGE,
      );
      for (const row of page) yield toRecord(row);
      const last = page.at(-1);
      if (last === undefined) return;
      after = { timeMs: last.timeMs, traceId: last.traceId, field: last.field };
    }
  } finally {
    content.close();
  }
}

function toRecord(row: ContentRow): ContentRecord {
  const { traceId, spanId, field, timeMs, content } = row;
  return {
    traceId,
    spanId,
    field,
    timeMs,
    user: null,
    content: content.state === "omitted" ? { state: "missing", why: content.reason } : content,
  };
}
