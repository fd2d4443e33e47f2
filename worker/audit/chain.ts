/** Whether a run of audit entries is one unbroken chain. Pure: for the offline check and for tests. */
import type { AuditRecord } from "../../db/store.ts";
import { entryHash, GENESIS_HASH } from "./entry.ts";

export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export type ChainFault = "edited" | "out_of_order" | "not_linked" | "truncated";

export type ChainResult =
  | { readonly isWhole: true; readonly head: ChainHead }
  | { readonly isWhole: false; readonly seq: number; readonly fault: ChainFault };

export const GENESIS: ChainHead = { seq: 0, hash: GENESIS_HASH };

/**
 * @param entries in the order of the log
 * @param start what the first entry follows
 * @param known a head that is known to have existed: the log must reach it and agree with it
 */
export function verifyChain(
  entries: Iterable<AuditRecord>,
  start: ChainHead = GENESIS,
  known: ChainHead | null = null,
): ChainResult {
  let head = start;
  for (const entry of entries) {
    const fault = faultOf(entry, head);
    if (fault !== null) return { isWhole: false, seq: entry.seq, fault };
    head = { seq: entry.seq, hash: entry.hash };
    if (known?.seq === head.seq && known.hash !== head.hash) {
      return { isWhole: false, seq: head.seq, fault: "edited" };
    }
  }
  if (known !== null && known.seq > head.seq) {
    return { isWhole: false, seq: head.seq + 1, fault: "truncated" };
  }
  return { isWhole: true, head };
}

function faultOf(entry: AuditRecord, head: ChainHead): ChainFault | null {
  if (entry.seq !== head.seq + 1) return "out_of_order";
  if (entry.prevHash !== head.hash) return "not_linked";
  return entryHash(entry) === entry.hash ? null : "edited";
}
