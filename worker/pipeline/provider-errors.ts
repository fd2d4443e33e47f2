/** A provider's refusals: which are handed on as they are, and which in our words. */
import { GatewayError } from "../errors.ts";
import type { Caller } from "./authenticate.ts";

/** Our credential was refused: the provider's text may quote a part of it, and is not handed on. */
export function isCredentialRefusal(status: number, caller: Caller): boolean {
  return caller.credential === "managed" && (status === 401 || status === 403);
}

/** The refusal in our words. A redirect is one, too: following it would carry the credential elsewhere. */
export function refusalOf(status: number, caller: Caller): GatewayError {
  if (isCredentialRefusal(status, caller)) return new GatewayError("provider_credential_refused");
  return new GatewayError(status < 400 ? "upstream_malformed" : "upstream_unreachable");
}

/** Whether the provider's status and body are handed on. */
export function isHandedOn(status: number, caller: Caller): boolean {
  return status >= 400 && !isCredentialRefusal(status, caller);
}
