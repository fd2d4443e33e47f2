/** What the tables on Postgres are made of: the twin of `sqlite-columns.ts`. */
import { sql } from "drizzle-orm";
import { bigint, boolean, check, numeric } from "drizzle-orm/pg-core";
import { NAME_CHARACTERS, areNames } from "./bounds.ts";

export const count = (name: string) => bigint(name, { mode: "number" }).notNull();
export const flag = (name: string) => boolean(name).notNull();
export const money = (name: string) => numeric(name, { mode: "bigint", precision: 38, scale: 0 });

export const hasOnly = (characters: string) => (column: string) =>
  `"${column}" !~ '[^${characters}]'`;
export const isHex = hasOnly("0-9a-f");

export function names(table: string, columns: readonly string[]) {
  return check(`${table}_names`, sql.raw(areNames(columns, hasOnly(NAME_CHARACTERS))));
}

/** A JSON document of ours: names, and the marks of JSON. */
export function isJson(column: string, maxLength: number): string {
  return `("${column}" is null or (length("${column}") <= ${maxLength} and ${hasOnly(`]{}",*[${NAME_CHARACTERS}`)(column)}))`;
}
