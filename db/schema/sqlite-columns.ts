/** What the tables on SQLite are made of: columns, and checks that refuse prose. */
import { sql } from "drizzle-orm";
import { check, integer, numeric } from "drizzle-orm/sqlite-core";
import { NAME_CHARACTERS, areNames } from "./bounds.ts";

export const count = (name: string) => integer(name).notNull();
export const flag = (name: string) => integer(name, { mode: "boolean" }).notNull();
export const money = (name: string) => numeric(name, { mode: "bigint" });

export const hasOnly = (characters: string) => (column: string) =>
  `"${column}" not glob '*[^${characters}]*'`;
export const isHex = hasOnly("0-9a-f");
export const isWhole = (column: string) => `typeof("${column}") = 'integer'`;

export function names(table: string, columns: readonly string[]) {
  return check(`${table}_names`, sql.raw(areNames(columns, hasOnly(NAME_CHARACTERS))));
}

/**
 * SQLite's `length` and `glob` end at a NUL: whatever stood behind one would be seen by no other check. Not by `concat`, which
 * SQLite has since 3.44 only.
 */
export function noNul(table: string, columns: readonly string[]) {
  const all = columns.map((column) => `coalesce("${column}", '')`).join(" || ");
  return check(`${table}_nul`, sql.raw(`instr(${all}, char(0)) = 0`));
}

/** A column of SQLite takes text for a number, whatever its type says. */
export function areNumbers(table: string, columns: readonly string[], optional: readonly string[]) {
  const tests = [
    ...columns.map(isWhole),
    ...optional.map((column) => `("${column}" is null or ${isWhole(column)})`),
  ];
  return check(`${table}_numbers`, sql.raw(tests.join(" and ")));
}

/** A JSON document of ours: names, and the marks of JSON. */
export function isJson(column: string, maxLength: number): string {
  return `("${column}" is null or (length("${column}") <= ${maxLength} and ${hasOnly(`]{}",*[${NAME_CHARACTERS}`)(column)}))`;
}
