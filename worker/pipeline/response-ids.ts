/**
 * Stored responses of the Responses API belong to the key that made them, and so do files and batches. The provider knows one account only, ours: so the
 * gateway must see to it that no key reads, continues or deletes what another key was given.
 */
import { countNamed } from "../body/fields.ts";
import type { JsonBody } from "../body/parse.ts";
import { isIdentity } from "../chat.ts";
import type { Deps } from "../deps.ts";
import { isObject, type JsonObject } from "../dialects/read.ts";
import { GatewayError } from "../errors.ts";
import type { Caller } from "./authenticate.ts";
import type { Target } from "./target.ts";

/** @throws GatewayError `unsupported_field`, `not_found` naming the field */
export async function checkResponseFields(
  deps: Deps,
  caller: Caller,
  target: Target,
  body: JsonObject,
): Promise<void> {
  if (body["background"] === true) {
    throw new GatewayError("unsupported_field", {
      field: "background",
      hint: "Background responses can't be billed yet.",
    });
  }
  // With the caller's own credential the provider itself keeps its accounts apart.
  if (caller.credential === "passthrough") return;
  if (typeof body["conversation"] === "string" || isObject(body["conversation"])) {
    throw new GatewayError("unsupported_field", {
      field: "conversation",
      hint: "The gateway can't tell whose conversation it is. Use `previous_response_id`.",
    });
  }
  const previous = body["previous_response_id"];
  if (typeof previous !== "string") return;
  const provider = await providerOf(deps, caller, previous);
  if (provider !== target.provider.name) {
    throw new GatewayError("not_found", {
      field: "previous_response_id",
      hint: "This key was given no such response by that provider.",
    });
  }
}

/** Whose the id is; null: not the key's. What is no name is nobody's: Postgres could not even be asked for a NUL. */
async function providerOf(deps: Deps, { key }: Caller, id: string): Promise<string | null> {
  return isIdentity(id) ? deps.store.ledger.responseProvider(id, key.id) : null;
}

/** Members that name files, wherever they stand in a body. */
const FILE_MEMBERS: ReadonlySet<string> = new Set(["file_id", "input_file_id", "file_ids"]);

/**
 * Files that a request names must be the key's own: a model would read out another's. Where two parsers could see two of them (a member
 * twice, or in other letter case), the request is refused.
 * @throws GatewayError `not_found` naming the member, `ambiguous_field`
 */
export async function checkFileIds(
  deps: Deps,
  caller: Caller,
  target: Pick<Target, "provider">,
  { bytes, json }: JsonBody,
): Promise<void> {
  if (caller.credential === "passthrough") return;
  const named = namedFiles(json);
  if (countNamed(bytes, FILE_MEMBERS) !== named.length) {
    throw new GatewayError("ambiguous_field", {
      hint: "A member that names a file stands twice in one object, or is not in lower case.",
    });
  }
  for (const [member, value] of named) {
    for (const id of Array.isArray(value) ? value : [value]) {
      if (typeof id !== "string") continue;
      const provider = await providerOf(deps, caller, id);
      if (provider !== target.provider.name) {
        throw new GatewayError("not_found", {
          field: member,
          hint: "This key was given no such file by that provider.",
        });
      }
    }
  }
}

/** Members that name files, with what they hold. Not by recursion: a body may be nested as deep as it is long. */
function namedFiles(body: JsonObject): [member: string, value: unknown][] {
  const found: [string, unknown][] = [];
  const left: unknown[] = [body];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each === "object") left.push(each);
    } else if (isObject(value)) {
      for (const [member, each] of Object.entries(value)) {
        if (FILE_MEMBERS.has(member)) found.push([member, each]);
        if (typeof each === "object") left.push(each);
      }
    }
  }
  return found;
}
