/** The audit entries of a command: made by `cli`, in the store beside a running gateway. */
import type { AuditDraft } from "../audit/entry.ts";
import { record } from "../audit/record.ts";
import type { ContentTools } from "./content-tools.ts";

type What = Pick<AuditDraft, "action" | "target" | "before" | "after">;

/** Opens the store before the work begins: nothing is done where the audit log is out of reach. */
export async function withAudit<T>(
  tools: ContentTools,
  work: (append: (what: What) => Promise<void>) => Promise<T>,
): Promise<T> {
  const store = await tools.openStore();
  try {
    return await work(async (what) => {
      await record(store.audit, { ...what, timeMs: tools.now(), actor: "cli" });
    });
  } finally {
    await store.close();
  }
}
