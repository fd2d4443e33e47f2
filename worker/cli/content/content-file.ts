/** The parts that a `content.sqlite` tells of. The file may be a copy from anywhere: what it holds is checked like any other source. */
import { openContent } from "../../../db/sqlite/content.ts";
import { openForReading } from "../../../db/sqlite/database.ts";
import type { ContentCursor, ContentRow, ContentStore } from "../../../db/store.ts";
import { CommandError } from "../failure.ts";
import { type ContentRecord, type FoundContent, isObjectName, isSha256 } from "./record.ts";
import type { Wanted } from "./sources.ts";

const PAGE = 1_000;
/** The newest time that a `Date` can say. */
const MAX_TIME_MS = 8_640_000_000_000_000;

/** @throws CommandError */
export async function* recordsOfContentFile(
  path: string,
  wanted: Wanted,
): AsyncGenerator<ContentRecord> {
  const content = open(path);
  try {
    for await (const row of rowsOf(content, wanted)) yield toRecord(row, path);
  } finally {
    content.close();
  }
}

/** Another database must stay as it is: opening a store makes its tables where they are missing. */
function open(path: string): ContentStore {
  let isContent: boolean;
  try {
    const { client } = openForReading(path);
    try {
      const tables = client.prepare("SELECT name FROM sqlite_schema WHERE name = ?");
      isContent = tables.values("content").length > 0;
    } finally {
      client.close();
    }
    if (isContent) return openContent(path);
  } catch {
    // The driver's words may quote what stands in the file.
    throw new CommandError(
      `${path} can't be read as a database. If it is a copy, copy content.sqlite-wal along with it, to where you may write.`,
    );
  }
  throw new CommandError(`${path} is a database, but not the content.sqlite of a gateway.`);
}

async function* rowsOf(content: ContentStore, wanted: Wanted): AsyncGenerator<ContentRow> {
  if (wanted.traceId !== null) {
    yield* await content.ofTrace(wanted.traceId);
    return;
  }
  let after: ContentCursor | null = null;
  for (;;) {
    const page: readonly ContentRow[] = await content.since(
      Math.max(0, wanted.fromMs),
      wanted.toMs,
      after,
      PAGE,
    );
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = { timeMs: last.timeMs, traceId: last.traceId, field: last.field };
  }
}

function toRecord(row: ContentRow, path: string): ContentRecord {
  const { traceId, spanId, field, timeMs, mode } = row;
  const isRight =
    /^[0-9a-f]{32}$/.test(traceId) &&
    /^[0-9a-f]{16}$/.test(spanId) &&
    Number.isSafeInteger(timeMs) &&
    Math.abs(timeMs) <= MAX_TIME_MS;
  if (!isRight) throw new CommandError(`${path} holds a row whose ids or time are malformed.`);
  return { traceId, spanId, field, timeMs, mode, user: null, content: contentOf(row.content) };
}

function contentOf(content: ContentRow["content"]): FoundContent {
  if (content.state === "omitted") return { state: "missing", why: content.reason };
  if (!isSha256(content.sha256)) return { state: "missing", why: "unreadable" };
  const { sha256 } = content;
  if (content.state === "inline") {
    const { envelope } = content;
    return { state: "inline", envelope, sizeBytes: envelope.length, sha256 };
  }
  const { object, sizeBytes } = content;
  if (!isObjectName(object)) return { state: "missing", why: "unreadable" };
  return { state: "object", object, sizeBytes, sha256 };
}
