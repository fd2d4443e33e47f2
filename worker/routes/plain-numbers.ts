/**
 * The framework describes each number as "a text of digits, or a number": how it reads query strings. In the API description that would be
 * said of answers, too, where no number is ever a text. Pure.
 */
import { isObject, type JsonObject } from "../dialects/read.ts";

/** The same document, with every number described as one. */
export function plainNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (!isObject(value)) return value;
  const { anyOf, ...rest } = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, plainNumbers(member)]),
  );
  if (anyOf === undefined) return rest;
  const number = Array.isArray(anyOf) && anyOf.length === 2 && isDigits(anyOf[0]) ? anyOf[1] : null;
  return isNumber(number) ? { ...rest, ...number } : { ...rest, anyOf };
}

function isDigits(schema: unknown): boolean {
  return (
    isObject(schema) &&
    schema["type"] === "string" &&
    (schema["format"] === "integer" || schema["format"] === "numeric")
  );
}

function isNumber(schema: unknown): schema is JsonObject {
  return isObject(schema) && (schema["type"] === "integer" || schema["type"] === "number");
}
