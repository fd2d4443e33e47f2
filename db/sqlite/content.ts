/** Sealed parts of requests on SQLite. */
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { and, asc, eq, getTableColumns, gte, lt, sql } from "drizzle-orm";
import { content } from "../schema/content.ts";
import { OMIT_REASONS, type ContentReader, type ContentRow, type ContentStore } from "../store.ts";
import { closeDatabase, openDatabase } from "./database.ts";
import type { SqlValue } from "./driver.ts";
import { whileBusy } from "./fault.ts";

type Row = typeof content.$inferSelect;

/** In the order of the insert's parameters. `Object.keys` forgets the names it was given. */
const COLUMNS = Object.keys(getTableColumns(content)) as (keyof Row)[];

/** A row that is taken back: behind all others, where new ones go. */
const TRIAL = toRow({
  traceId: "f".repeat(32),
  spanId: "f".repeat(16),
  field: "input",
  timeMs: Number.MAX_SAFE_INTEGER,
  mode: "encrypted",
  content: { state: "omitted", reason: "store_failed" },
});
const UNDONE = new Error("the trial is over");

/** @throws Error if the file can't be read or written */
export function openContent(path: string): ContentStore {
  const database = openDatabase(path, { sync: "normal", schema: "content" });
  const { client, orm } = database;
  // Kept ready: drizzle would build the statement anew for each row, which costs more than the insert.
  const insert = client.prepare(
    orm
      .insert(content)
      // Every column has its placeholder.
      .values(Object.fromEntries(COLUMNS.map((name) => [name, sql.placeholder(name)])) as never)
      .onConflictDoNothing()
      .toSQL().sql,
  );
  return {
    async add(rows) {
      await whileBusy(() =>
        client
          .transaction(() => {
            for (const each of rows) {
              const row = toRow(each);
              insert.run(...COLUMNS.map((column) => row[column]));
            }
          })
          .immediate(),
      );
    },
    async ofTrace(traceId) {
      return orm
        .select()
        .from(content)
        .where(eq(content.traceId, traceId))
        .orderBy(asc(content.field))
        .all()
        .map(fromRow);
    },
    async since(fromMs, toMs, after, limit) {
      const beyond =
        after === null
          ? undefined
          : sql`(${content.timeMs}, ${content.traceId}, ${content.field}) > (${after.timeMs}, ${after.traceId}, ${after.field})`;
      return orm
        .select()
        .from(content)
        .where(and(gte(content.timeMs, fromMs), lt(content.timeMs, toMs), beyond))
        .orderBy(asc(content.timeMs), asc(content.traceId), asc(content.field))
        .limit(limit)
        .all()
        .map(fromRow);
    },
    async hasObject(object) {
      const found = orm
        .select({ one: sql`1` })
        .from(content)
        .where(eq(content.object, object))
        .limit(1)
        .all();
      return found.length > 0;
    },
    async inlineBytes(traceId) {
      const [row] = orm
        .select({ bytes: sql<number>`coalesce(sum(${content.sizeBytes}), 0)` })
        .from(content)
        .where(and(eq(content.traceId, traceId), eq(content.state, "inline")))
        .all();
      return row?.bytes ?? 0;
    },
    async expire(beforeMs, limit) {
      const oldest = orm
        .select({ rowid: sql`rowid` })
        .from(content)
        .where(lt(content.timeMs, beforeMs))
        .orderBy(asc(content.timeMs))
        .limit(limit);
      const deleted = await whileBusy(() =>
        orm
          .delete(content)
          .where(sql`rowid in ${oldest}`)
          .returning({ object: content.object })
          .all(),
      );
      const objects = deleted.map(({ object }) => object).filter((object) => object !== null);
      return { parts: deleted.length, objects };
    },
    async probe() {
      try {
        await whileBusy(() =>
          client
            .transaction(() => {
              insert.run(...COLUMNS.map((column) => TRIAL[column]));
              throw UNDONE;
            })
            .immediate(),
        );
      } catch (error) {
        if (error !== UNDONE) throw error;
      }
    },
    close: () => closeDatabase(database),
  };
}

/** Reads a file that another thread writes, once there is one. */
export function createContentReader(path: string): ContentReader & Pick<ContentStore, "close"> {
  let opened: ContentStore | null = null;
  return {
    isThere: () => existsSync(path),
    async ofTrace(traceId) {
      if (opened === null && !existsSync(path)) return [];
      opened ??= openContent(path);
      return opened.ofTrace(traceId);
    },
    close() {
      opened?.close();
      opened = null;
    },
  };
}

function toRow(row: ContentRow): Record<keyof Row, SqlValue> {
  const { content: part } = row;
  return {
    traceId: row.traceId,
    spanId: row.spanId,
    field: row.field,
    timeMs: row.timeMs,
    mode: row.mode,
    state: part.state,
    envelope: part.state === "inline" ? Buffer.from(part.envelope) : null,
    object: part.state === "object" ? part.object : null,
    sizeBytes:
      part.state === "inline" ? part.envelope.length : part.state === "object" ? part.sizeBytes : 0,
    sha256: part.state === "omitted" ? null : part.sha256,
    reason: part.state === "omitted" ? part.reason : null,
  };
}

function fromRow(row: Row): ContentRow {
  return {
    traceId: row.traceId,
    spanId: row.spanId,
    field: row.field === "input" ? "input" : "output",
    timeMs: row.timeMs,
    mode: row.mode === "plaintext" ? "plaintext" : "encrypted",
    content: contentOf(row),
  };
}

function contentOf(row: Row): ContentRow["content"] {
  const { envelope, object, sizeBytes } = row;
  const sha256 = row.sha256 ?? "";
  if (envelope !== null) return { state: "inline", envelope: new Uint8Array(envelope), sha256 };
  if (object !== null) return { state: "object", object, sizeBytes, sha256 };
  const reason = OMIT_REASONS.find((each) => each === row.reason) ?? "store_failed";
  return { state: "omitted", reason };
}
