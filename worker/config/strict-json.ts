/**
 * JSON for configuration: like `JSON.parse`, but a duplicate key is a fault, order is kept for every key, and an error says
 * where instead of quoting what it met. For small trusted-size texts; request bodies have their own scanner.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** Keys in the order of the text, `"1"` and `"__proto__"` included. */
export type JsonObject = ReadonlyMap<string, Json>;

export class JsonFault extends Error {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  constructor(text: string, offset: number, problem: string) {
    const before = text.slice(0, offset).split("\n");
    const line = before.length;
    const column = (before[line - 1] ?? "").length + 1;
    super(`${problem} at line ${line}, column ${column}`);
    this.name = "JsonFault";
    this.line = line;
    this.column = column;
  }
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /"(?:[^"\\]|\\[^])*"|-?[0-9][0-9.eE+-]*|true|false|null/y;
const MAX_DEPTH = 32;

/** Throws `JsonFault`. */
export function parseStrictJson(text: string): Json {
  let at = 0;

  const fail = (problem: string, offset = at): never => {
    throw new JsonFault(text, offset, problem);
  };
  const skipSpace = (): void => {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  };
  /** Takes the character if it is next. */
  const take = (character: string): boolean => {
    skipSpace();
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };

  const scalar = (): Json => {
    skipSpace();
    SCALAR.lastIndex = at;
    const token = SCALAR.exec(text)?.[0];
    if (token === undefined) {
      return fail(at >= text.length ? "the JSON ends too early" : "the JSON is not valid");
    }
    try {
      const value: unknown = JSON.parse(token);
      at += token.length;
      if (value === null || typeof value === "boolean") return value;
      if (typeof value === "number" || typeof value === "string") return value;
    } catch {
      // Falls through: the runtime's message would quote the text.
    }
    return fail("the JSON is not valid");
  };

  const object = (depth: number): JsonObject => {
    const members = new Map<string, Json>();
    if (take("}")) return members;
    do {
      skipSpace();
      const keyAt = at;
      const key = text[at] === '"' ? scalar() : fail("a key in double quotes is missing");
      if (typeof key !== "string") return fail("a key in double quotes is missing", keyAt);
      if (members.has(key)) return fail("the JSON has the same key twice", keyAt);
      if (!take(":")) return fail("a colon is missing");
      members.set(key, value(depth));
    } while (take(","));
    return take("}") ? members : fail("a comma or a closing brace is missing");
  };

  const array = (depth: number): readonly Json[] => {
    const items: Json[] = [];
    if (take("]")) return items;
    do items.push(value(depth));
    while (take(","));
    return take("]") ? items : fail("a comma or a closing bracket is missing");
  };

  function value(depth: number): Json {
    if (depth > MAX_DEPTH) return fail("the JSON is nested too deeply");
    if (take("{")) return object(depth + 1);
    if (take("[")) return array(depth + 1);
    return scalar();
  }

  const result = value(0);
  skipSpace();
  return at === text.length ? result : fail("something follows the JSON");
}
