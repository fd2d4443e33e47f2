/**
 * The tables of `subjects.sqlite`: the keys that content is sealed under, each wrapped by the master key, and the tombstones of
 * erased ones. A file of its own, so that it can be backed up apart and its backups expire (`worker/encryption/SPEC.md`).
 */
import { sql } from "drizzle-orm";
import { blob, check, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const isHex = (column: string, digits: number) =>
  `length("${column}") = ${digits} and "${column}" not glob '*[^0-9a-f]*'`;

export const subject = sqliteTable(
  "subject",
  {
    /** 32 lower-case hex digits, random. */
    handle: text().primaryKey(),
    /** Whose content it is, as `worker/content/subject-name.ts` words it. */
    name: text().notNull().unique(),
    /** The master key that wraps it, 16 lower-case hex digits. */
    kid: text().notNull(),
    wrapped: blob({ mode: "buffer" }).notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  () => [
    check("subject_handle", sql.raw(isHex("handle", 32))),
    check("subject_kid", sql.raw(isHex("kid", 16))),
    check("subject_name", sql.raw(`length("name") <= 320 and instr("name", char(0)) = 0`)),
    check("subject_wrapped", sql.raw(`length("wrapped") = 60`)),
  ],
);

export const erased = sqliteTable(
  "erased",
  {
    handle: text().primaryKey(),
    erasedAtMs: integer("erased_at_ms").notNull(),
  },
  () => [check("erased_handle", sql.raw(isHex("handle", 32)))],
);
