/**
 * Files and batches belong to the key that made them, as stored responses do. The provider knows one account only, ours. With the
 * caller's own credential the provider itself keeps its accounts apart, and the gateway stays out of it.
 */
import type { Deps } from "../deps.ts";
import { isIdentity } from "../chat.ts";
import { parseJsonObject } from "../dialects/read.ts";
import { GatewayError } from "../errors.ts";
import type { Caller } from "../pipeline/authenticate.ts";
import type { Operation } from "./operations.ts";

/** A list would show what other keys have. @throws GatewayError `forbidden` */
export function checkListing({ endpoint, reach }: Operation, { credential }: Caller): void {
  if (reach !== "list" || credential === "passthrough") return;
  throw new GatewayError("forbidden", {
    hint: `A list of ${endpoint} would show those of other keys. Keep the ids that you are given.`,
  });
}

/** The object's provider; null: the provider tells whose it is. @throws GatewayError `not_found` */
export async function ownerOf(
  deps: Deps,
  { credential, key }: Caller,
  id: string,
  field: string,
): Promise<string | null> {
  if (credential === "passthrough") return null;
  const owner = isIdentity(id) ? await deps.store.ledger.responseProvider(id, key.id) : null;
  if (owner !== null) return owner;
  throw new GatewayError("not_found", { field, hint: "This key was given no such object." });
}

/** The ids in an answer that are the key's own from now on. @param members of the answer, that hold them */
export function issuedIds(body: Uint8Array, members: readonly string[]): string[] {
  const json = parseJsonObject(new TextDecoder().decode(body)) ?? {};
  return members.flatMap((member) => {
    const id = json[member];
    return typeof id === "string" && isIdentity(id) ? [id] : [];
  });
}
