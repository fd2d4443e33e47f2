/** Reading a request's members, refusing with the member's name. Pure. */
import { isObject, type JsonObject } from "../../dialects/read.ts";
import { RefusedRequest } from "./refusal.ts";

/** Null where it is left out or null. @throws RefusedRequest */
export function optionalInteger(
  body: JsonObject,
  name: string,
  least: number,
  most: number = 2 ** 31,
): number | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new RefusedRequest(`Invalid type for '${name}': expected an integer.`, name);
  }
  if (value < least || value > most) {
    throw new RefusedRequest(
      `Invalid '${name}': expected a value from ${least} to ${most}.`,
      name,
      value < least ? "integer_below_min_value" : "integer_above_max_value",
    );
  }
  return value;
}

/** False where it is left out or null. @throws RefusedRequest */
export function optionalFlag(body: JsonObject, name: string): boolean {
  const value = body[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") {
    throw new RefusedRequest(`Invalid type for '${name}': expected a boolean.`, name);
  }
  return value;
}

/** Empty where it is left out or null. @throws RefusedRequest for anything but a list of objects */
export function optionalObjects(body: JsonObject, name: string): readonly JsonObject[] {
  const value = body[name];
  return value === undefined || value === null ? [] : checkObjects(value, name);
}

/** @throws RefusedRequest for anything but a list of at least one object */
export function requiredObjects(body: JsonObject, name: string): readonly JsonObject[] {
  const value = body[name];
  if (value === undefined || value === null) throw missing(name);
  const list = checkObjects(value, name);
  if (list.length === 0) {
    throw new RefusedRequest(`Invalid '${name}': empty array.`, name, "empty_array");
  }
  return list;
}

/**
 * Texts to complete or to embed: one or several, each a string or a list of token numbers.
 * @throws RefusedRequest
 */
export function requiredTexts(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name];
  if (value === undefined || value === null) throw missing(name);
  // A list of numbers is one text in tokens; any other list is a list of texts.
  if (isText(value)) return [value];
  if (Array.isArray(value) && value.every(isText)) return value;
  throw new RefusedRequest(
    `Invalid type for '${name}': expected a string, or an array of strings or of tokens.`,
    name,
    "invalid_type",
  );
}

/** An empty list is none: it can't be told from a list of no texts. */
function isText(value: unknown): boolean {
  if (typeof value === "string") return true;
  return Array.isArray(value) && value.length > 0 && value.every(Number.isInteger);
}

export function missing(name: string): RefusedRequest {
  return new RefusedRequest(
    `Missing required parameter: '${name}'.`,
    name,
    "missing_required_parameter",
  );
}

function checkObjects(value: unknown, name: string): readonly JsonObject[] {
  if (!Array.isArray(value)) {
    throw new RefusedRequest(
      `Invalid type for '${name}': expected an array.`,
      name,
      "invalid_type",
    );
  }
  return value.map((item: unknown, index) => {
    if (isObject(item)) return item;
    const place = `${name}[${index}]`;
    throw new RefusedRequest(
      `Invalid type for '${place}': expected an object.`,
      place,
      "invalid_type",
    );
  });
}
