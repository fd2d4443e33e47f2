/** Whether an audit log outside the database is whole: every link, every signature, and that the log reaches every checkpoint. Pure. */
import type { AuditRecord } from "../../db/store.ts";
import { GENESIS, type ChainFault, verifyChain } from "./chain.ts";
import { isSigned, type Checkpoint } from "./checkpoint.ts";

export type AuditFault = ChainFault | "bad_signature" | "other_key";

export type AuditVerdict =
  | {
      readonly isWhole: true;
      readonly entries: number;
      readonly head: string;
      readonly checkpoints: number;
      /** The newest entry that a checkpoint vouches for; 0: none. */
      readonly vouchedUntil: number;
    }
  | { readonly isWhole: false; readonly seq: number; readonly fault: AuditFault };

/**
 * @param entries in the order of the log, from the first on
 * @param publicKey whose signatures count; null: each checkpoint's own key, which proves less
 */
export function verifyAudit(
  entries: readonly AuditRecord[],
  checkpoints: readonly Checkpoint[],
  publicKey: string | null,
): AuditVerdict {
  for (const checkpoint of checkpoints) {
    const { seq } = checkpoint;
    if (publicKey !== null && checkpoint.publicKey !== publicKey) {
      return { isWhole: false, seq, fault: "other_key" };
    }
    if (!isSigned(checkpoint)) return { isWhole: false, seq, fault: "bad_signature" };
  }
  const chain = verifyChain(entries);
  if (!chain.isWhole) return chain;
  for (const { seq, hash } of checkpoints) {
    const known = seq === 0 ? GENESIS.hash : entries[seq - 1]?.hash;
    if (known === undefined) return { isWhole: false, seq: chain.head.seq + 1, fault: "truncated" };
    if (known !== hash) return { isWhole: false, seq, fault: "edited" };
  }
  return {
    isWhole: true,
    entries: entries.length,
    head: chain.head.hash,
    checkpoints: checkpoints.length,
    vouchedUntil: Math.max(0, ...checkpoints.map(({ seq }) => seq)),
  };
}
