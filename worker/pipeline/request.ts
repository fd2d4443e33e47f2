/** Small questions about a request that more than one path asks. */
import type { Endpoint } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { Caller } from "./authenticate.ts";
import { isModelAllowed, type Target } from "./target.ts";

/** @throws GatewayError `model_not_allowed`, `forbidden` */
export function checkAllowed(caller: Caller, target: Target, endpoint: Endpoint): void {
  checkEndpoint(caller, endpoint);
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

/** @throws GatewayError `forbidden` */
export function checkEndpoint({ key }: Caller, endpoint: Endpoint): void {
  if (key.endpoints === null || key.endpoints.includes(endpoint)) return;
  throw new GatewayError("forbidden", { hint: `The key is not for ${endpoint}.` });
}

/** The query string without the `?`; empty if there is none. */
export function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}
