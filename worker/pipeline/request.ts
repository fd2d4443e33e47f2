/** Small questions about a request that more than one path asks. */
import type { Endpoint } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { Caller } from "./authenticate.ts";
import { isModelAllowed, type Target } from "./target.ts";

/** @throws GatewayError `model_not_allowed`, `forbidden` */
export function checkAllowed(caller: Caller, target: Target, endpoint: Endpoint): void {
  const { endpoints } = caller.key;
  if (endpoints !== null && !endpoints.includes(endpoint)) {
    throw new GatewayError("forbidden", { hint: `The key is not for ${endpoint}.` });
  }
  if (!isModelAllowed(caller.key.models, target)) {
    throw new GatewayError("model_not_allowed", { field: "model" });
  }
  if (caller.credential === "passthrough" && caller.key.passthrough !== target.provider.name) {
    throw new GatewayError("forbidden", {
      field: "model",
      hint: "The key's pass-through is for another provider.",
    });
  }
}

/** The query string without the `?`; empty if there is none. */
export function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}
