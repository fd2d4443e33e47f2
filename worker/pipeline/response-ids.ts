/**
 * Stored responses of the Responses API belong to the key that made them. The provider knows one account only, ours: so the
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
