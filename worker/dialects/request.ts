/** Checks the members of a request on which the gateway acts, and names the first one that is wrong. Pure. */
import { Type, type TSchema } from "@sinclair/typebox";
import { TypeCompiler, type TypeCheck } from "@sinclair/typebox/compiler";
import { GatewayError } from "../errors.ts";
import type { JsonObject } from "./read.ts";

/** Optional, and `null` counts as absent, as the providers have it. */
export function nullable<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

export const modelField = Type.String({ minLength: 1, maxLength: 256 });

export const tokenLimit = nullable(Type.Integer({ minimum: 0, maximum: 2 ** 31 }));

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>();

/** @throws GatewayError `invalid_request` naming the field; never its value */
export function checkRequest(schema: TSchema, json: JsonObject): void {
  let check = compiled.get(schema);
  if (check === undefined) {
    check = TypeCompiler.Compile(schema);
    compiled.set(schema, check);
  }
  if (check.Check(json)) return;
  const fault = check.Errors(json).First();
  throw new GatewayError("invalid_request", {
    field: fieldName(fault?.path ?? ""),
    hint:
      json["model"] === undefined
        ? "A field is missing."
        : "A field is missing or has the wrong type.",
  });
}

/**
 * `/stream_options/include_usage` → `stream_options.include_usage`. Only names of the schema can stand here: it looks
 * at no other member.
 */
function fieldName(path: string): string {
  return path.slice(1).replaceAll("/", ".");
}
