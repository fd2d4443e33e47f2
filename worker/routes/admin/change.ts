/** A change by an administrator: stored with its audit entry, or refused and not stored at all. */
import { VersionConflict, type Change } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import type { AuditDraft } from "../../audit/entry.ts";
import { record } from "../../audit/record.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";

/** @throws (rejects with) GatewayError `conflict`, `store_unavailable` */
export async function change(
  deps: Deps,
  actor: Pick<Actor, "name">,
  what: Pick<AuditDraft, "action" | "target" | "before" | "after">,
  changes: readonly Change[],
): Promise<void> {
  try {
    const draft = { ...what, timeMs: deps.clock.now(), actor: actor.name };
    await record(deps.store.audit, draft, changes);
  } catch (error) {
    throw new GatewayError(error instanceof VersionConflict ? "conflict" : "store_unavailable");
  }
}

/** What is read for an answer. @throws (rejects with) GatewayError `store_unavailable` */
export async function read<T>(from: () => Promise<T>): Promise<T> {
  try {
    return await from();
  } catch {
    throw new GatewayError("store_unavailable");
  }
}

/** @throws GatewayError `not_found` */
export function found<T>(what: T | null | undefined, field: string, kind: string): T {
  if (what !== null && what !== undefined) return what;
  throw new GatewayError("not_found", { field, hint: `There is no such ${kind}.` });
}
