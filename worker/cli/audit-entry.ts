/** The audit entry of a command: made by `cli`, in the store beside a running gateway. */
import type { AuditDraft } from "../audit/entry.ts";
import { record } from "../audit/record.ts";
import type { ContentTools } from "./content-tools.ts";

export async function appendAudit(
  tools: ContentTools,
  what: Pick<AuditDraft, "action" | "target" | "before" | "after">,
): Promise<void> {
  const store = await tools.openStore();
  try {
    await record(store.audit, { ...what, timeMs: tools.now(), actor: "cli" });
  } finally {
    await store.close();
  }
}
