/** What was used already when a cap is made: by the ledger, in the cap's present window. */
import type { Cap, CapUsage, LedgerStore } from "../../db/store.ts";
import { windowAt } from "./window.ts";

const GROUPS = { team: "team", user: "user", key: "key_id" } as const;
/** Of those who spent something; the costliest are found first. */
const MAX_SUBJECTS = 1_000;

/** Requests under way are counted when they end. Rejects if the ledger can't be read. */
export async function initialUsage(
  ledger: Pick<LedgerStore, "spend">,
  cap: Cap,
  nowMs: number,
): Promise<readonly CapUsage[]> {
  const { startMs, endMs } = windowAt(cap.window, cap.timeZone, nowMs);
  const group = cap.scope === "org" ? null : GROUPS[cap.scope];
  const { totals, groups } = await ledger.spend({
    fromMs: startMs,
    toMs: endMs,
    where: group === null || cap.scopeId === null ? {} : { [group]: cap.scopeId },
    groupBy: group === null ? [] : [group],
    timeZone: "UTC",
    limit: MAX_SUBJECTS,
  });
  const sums =
    group === null
      ? [{ subject: "", sum: totals }]
      : groups.flatMap((each) => {
          const subject = each.key[group] ?? null;
          return subject === null ? [] : [{ subject, sum: each }];
        });
  return sums
    .map(({ subject, sum }) => ({
      capId: cap.id,
      subject,
      windowStartMs: startMs,
      used:
        cap.unit === "usd" ? sum.costPicoUsd : BigInt(sum.inputTokens) + BigInt(sum.outputTokens),
    }))
    .filter(({ used }) => used > 0n);
}
