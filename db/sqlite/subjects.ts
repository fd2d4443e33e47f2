/**
 * Subject keys on SQLite, with a second list of the erased ones beside the file: an older copy of the database that someone puts
 * back is held against it before it is used.
 */
import { Buffer } from "node:buffer";
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { and, asc, count, eq, gt } from "drizzle-orm";
import { erased, subject } from "../schema/subjects.ts";
import type { ErasedSubject, Subject, SubjectStore } from "../store.ts";
import { closeDatabase, openDatabase, type SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

/** One line a tombstone: handle, space, ms since 1970. */
const LINE = /^([0-9a-f]{32}) (\d{1,15})$/;

export interface SubjectFiles {
  /** Of `subjects.sqlite`. */
  readonly database: string;
  /** Of the list of erased subjects. */
  readonly erasedList: string;
}

/** @throws Error if either file can't be read or written */
export function openSubjects(files: SubjectFiles): SubjectStore {
  // An erased key, or a new one that content is sealed under already, must survive a power loss.
  const database = openDatabase(files.database, { sync: "full", schema: "subjects" });
  try {
    applyErasures(database, files.erasedList);
  } catch (error) {
    database.client.close();
    throw error;
  }
  return createSubjects(database, files.erasedList);
}

function createSubjects(database: SqliteDatabase, erasedList: string): SubjectStore {
  const { client, orm } = database;
  const dataVersion = client.prepare("PRAGMA data_version");
  const find = (name: string): Subject | null => {
    const [row] = orm.select().from(subject).where(eq(subject.name, name)).all();
    return row ?? null;
  };
  return {
    find: async (name) => find(name),
    async add(added) {
      await whileBusy(() =>
        orm
          .insert(subject)
          .values({ ...added, wrapped: Buffer.from(added.wrapped) })
          .onConflictDoNothing()
          .run(),
      );
      const stored = find(added.name);
      if (stored === null) throw new Error("the subject's key was not stored");
      return stored;
    },
    async list(afterHandle, limit) {
      return orm
        .select()
        .from(subject)
        .where(afterHandle === null ? undefined : gt(subject.handle, afterHandle))
        .orderBy(asc(subject.handle))
        .limit(limit)
        .all();
    },
    async kids() {
      const rows = orm
        .select({ kid: subject.kid, keys: count() })
        .from(subject)
        .groupBy(subject.kid)
        .all();
      return new Map(rows.map(({ kid, keys }) => [kid, keys]));
    },
    async rewrap(changes) {
      let changed = 0;
      await whileBusy(() =>
        client
          .transaction(() => {
            changed = 0;
            for (const { from, to } of changes) {
              changed += orm
                .update(subject)
                .set({ kid: to.kid, wrapped: Buffer.from(to.wrapped) })
                .where(and(eq(subject.handle, from.handle), eq(subject.kid, from.kid)))
                .returning({ handle: subject.handle })
                .all().length;
            }
          })
          .immediate(),
      );
      // The old wrapping must not outlive the rewrap in the log.
      truncateLog(database);
      return changed;
    },
    async erase(handle, atMs) {
      const [row] = orm.select().from(subject).where(eq(subject.handle, handle)).all();
      if (row === undefined) return false;
      // The list first: should the rest fail, the next opening completes it.
      appendErasure(erasedList, handle, atMs);
      await whileBusy(() =>
        client.transaction(() => bury(database, { handle, erasedAtMs: atMs })).immediate(),
      );
      truncateLog(database);
      return true;
    },
    erased: async () => orm.select().from(erased).orderBy(asc(erased.erasedAtMs)).all(),
    version: () => Number(dataVersion.values()[0]?.[0]),
    close: () => closeDatabase(database),
  };
}

function bury({ orm }: SqliteDatabase, tombstone: ErasedSubject): void {
  orm.delete(subject).where(eq(subject.handle, tombstone.handle)).run();
  orm.insert(erased).values(tombstone).onConflictDoNothing().run();
}

/** What the list names and the database still has, or lacks the tombstone of, was restored: it is erased again. */
function applyErasures(database: SqliteDatabase, erasedList: string): void {
  const listed = readErasures(erasedList);
  if (listed.length === 0) return;
  const { client, orm } = database;
  const known = new Set(
    orm
      .select({ handle: erased.handle })
      .from(erased)
      .all()
      .map(({ handle }) => handle),
  );
  const missing = listed.filter(({ handle }) => !known.has(handle));
  if (missing.length === 0) return;
  client
    .transaction(() => {
      for (const tombstone of missing) bury(database, tombstone);
    })
    .immediate();
  truncateLog(database);
}

function readErasures(path: string): ErasedSubject[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, handle, time] = LINE.exec(line) ?? [];
      return handle === undefined ? [] : [{ handle, erasedAtMs: Number(time) }];
    });
}

function appendErasure(path: string, handle: string, atMs: number): void {
  // A line that a crash cut off must not swallow the next one.
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const start = text === "" || text.endsWith("\n") ? "" : "\n";
  const descriptor = openSync(path, "a", 0o600);
  try {
    appendFileSync(descriptor, `${start}${handle} ${atMs}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** With `secure_delete` the page is overwritten; in the log its older copy would stay. */
function truncateLog({ client }: SqliteDatabase): void {
  client.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}
