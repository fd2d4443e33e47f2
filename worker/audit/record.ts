/** One line for whoever does something that belongs into the audit log. */
import type { AuditRecord, AuditStore, Change } from "../../db/store.ts";
import { sealEntry, type AuditDraft } from "./entry.ts";

/** Rejects, with nothing stored, if it can't be written. */
export function record(
  audit: AuditStore,
  draft: AuditDraft,
  changes: readonly Change[] = [],
): Promise<AuditRecord> {
  return audit.append((head) => sealEntry(draft, head), changes);
}
