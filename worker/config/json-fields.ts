/**
 * Reading a parsed JSON object field by field: each reader checks one type, reports under the field's path, and returns
 * `undefined` where the field is absent or wrong. Knows no field's meaning.
 */
import type { Json, JsonObject } from "./strict-json.ts";

/** Takes one fault; see `Fault` for the two texts. */
export type Report = (where: string, problem: string) => void;

function inWords(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return value instanceof Map ? "an object" : `a ${typeof value}`;
}

/** A member's name as it may be printed: no control characters, no essay. */
function label(name: string): string {
  return /^[\p{L}\p{N}_.:/@+ -]{1,64}$/u.test(name) ? name : "(a name with odd characters)";
}

export interface Fields {
  readonly where: string;
  /** Path of one field, for a fault about its meaning. */
  at(name: string): string;
  has(name: string): boolean;
  isNull(name: string): boolean;
  text(name: string): string | undefined;
  flag(name: string): boolean | undefined;
  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined;
  /** Not empty, no text twice. */
  texts(name: string): readonly string[] | undefined;
  /** An object of texts, as name and value in the order of the JSON. */
  pairs(name: string): readonly (readonly [string, string])[] | undefined;
  /** An object with these members at most. */
  object(name: string, allowed: readonly string[]): Fields | undefined;
}

/** Reports members that are not `allowed`, then reads the others. */
export function readFields(
  members: JsonObject,
  where: string,
  allowed: readonly string[],
  report: Report,
): Fields {
  const at = (name: string): string => `${where}.${label(name)}`;
  for (const name of members.keys()) {
    if (!allowed.includes(name)) {
      report(at(name), `is not a known field. Known: ${allowed.join(", ")}.`);
    }
  }
  /** The value if `is` accepts it; a fault if it is there and not accepted. */
  function read<T extends Json>(
    name: string,
    is: (value: Json) => value is T,
    expected: string,
  ): T | undefined {
    const value = members.get(name);
    if (value === undefined) return undefined;
    if (is(value)) return value;
    report(at(name), `must be ${expected}, not ${inWords(value)}.`);
    return undefined;
  }
  const isText = (value: Json): value is string => typeof value === "string";
  const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
  const isObject = (value: Json): value is JsonObject => value instanceof Map;

  return {
    where,
    at,
    has: (name) => members.has(name),
    isNull: (name) => members.get(name) === null,
    text: (name) => read(name, isText, "a text"),
    flag: (name) =>
      read(name, (value): value is boolean => typeof value === "boolean", "true or false"),
    oneOf: (name, choices) => {
      const value = read(name, isText, "a text");
      if (value === undefined) return undefined;
      const choice = choices.find((candidate) => candidate === value);
      if (choice === undefined) report(at(name), `must be one of: ${choices.join(", ")}.`);
      return choice;
    },
    texts: (name) => {
      const list = read(name, isList, "a list of texts");
      if (list === undefined) return undefined;
      const texts = list.filter(isText);
      if (texts.length < list.length) report(at(name), "must be a list of texts.");
      else if (texts.length === 0) report(at(name), "is empty. List something, or leave it out.");
      else if (new Set(texts).size < texts.length) report(at(name), "lists something twice.");
      else return texts;
      return undefined;
    },
    pairs: (name) => {
      const object = read(name, isObject, "an object of texts");
      if (object === undefined) return undefined;
      const pairs: [string, string][] = [];
      for (const [key, value] of object) {
        if (typeof value === "string") pairs.push([key, value]);
        else report(`${at(name)}.${label(key)}`, `must be a text, not ${inWords(value)}.`);
      }
      return pairs;
    },
    object: (name, known) => {
      const object = read(name, isObject, "an object");
      return object === undefined ? undefined : readFields(object, at(name), known, report);
    },
  };
}
