/**
 * Stored responses of the Responses API belong to the key that made them, and so do files and batches. The provider knows one account only, ours: so the
 * gateway must see to it that no key reads, continues or deletes what another key was given.
 */
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
  const provider = await deps.store.ledger.responseProvider(previous, caller.key.id);
  if (provider !== target.provider.name) {
    throw new GatewayError("not_found", {
      field: "previous_response_id",
      hint: "This key was given no such response by that provider.",
    });
  }
}

/** Members that name files, wherever they stand in a body. */
const FILE_MEMBERS: ReadonlySet<string> = new Set(["file_id", "input_file_id", "file_ids"]);

/**
 * Files that a request names must be the key's own: a model would read out another's.
 * @throws GatewayError `not_found` naming the member
 */
export async function checkFileIds(
  deps: Deps,
  caller: Caller,
  target: Pick<Target, "provider">,
  body: JsonObject,
): Promise<void> {
  if (caller.credential === "passthrough") return;
  for (const [member, id] of namedFiles(body)) {
    const provider = await deps.store.ledger.responseProvider(id, caller.key.id);
    if (provider !== target.provider.name) {
      throw new GatewayError("not_found", {
        field: member,
        hint: "This key was given no such file by that provider.",
      });
    }
  }
}

/** Member and id of each file that is named. Not by recursion: a body may be nested as deep as it is long. */
export function namedFiles(body: JsonObject): [member: string, id: string][] {
  const found: [string, string][] = [];
  const left: unknown[] = [body];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each === "object") left.push(each);
    } else if (isObject(value)) {
      for (const [member, each] of Object.entries(value)) {
        if (FILE_MEMBERS.has(member)) {
          for (const id of Array.isArray(each) ? each : [each]) {
            if (typeof id === "string") found.push([member, id]);
          }
        }
        if (typeof each === "object") left.push(each);
      }
    }
  }
  return found;
}
