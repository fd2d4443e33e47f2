/**
 * `GET /admin/audit/verify`: the whole log, entry by entry, and every checkpoint, as the gateway itself finds them. Whoever doubts the
 * gateway checks an export elsewhere, with a public key that was kept elsewhere: `anyray audit verify`.
 */
import { t } from "elysia";
import { GENESIS, verifyChain, type ChainHead } from "../../audit/chain.ts";
import { isSigned } from "../../audit/checkpoint.ts";
import type { AuditFault } from "../../audit/verify.ts";
import type { AuditStore } from "../../../db/store.ts";
import type { Checkpoints } from "../../audit/checkpoints.ts";
import { read } from "./change.ts";

/** Hashed in one go; requests are served in between. */
const PAGE = 200;

export const AuditVerdict = t.Object(
  {
    is_whole: t.Boolean(),
    entries: t.Integer({ description: "That were checked" }),
    head: t.String({ description: "Hash of the last of them" }),
    checkpoints: t.Integer(),
    vouched_until: t.Integer({ description: "The newest entry with a checkpoint; 0: none" }),
    fault: t.Union([t.String(), t.Null()], {
      description: "edited | out_of_order | not_linked | truncated | bad_signature",
    }),
    fault_seq: t.Union([t.Integer(), t.Null()], { description: "The entry where it shows first" }),
  },
  { description: "Whether every entry follows the one before, and every checkpoint holds" },
);

interface Looked {
  readonly checkpoints: Pick<Checkpoints, "all">;
  readonly store: { readonly audit: Pick<AuditStore, "after"> };
}

export async function verifyLog({ checkpoints, store }: Looked) {
  const all = checkpoints.all();
  const vouchedUntil = Math.max(0, ...all.map(({ seq }) => seq));
  const verdict = (head: ChainHead, fault: AuditFault | null, faultSeq: number | null) => ({
    is_whole: fault === null,
    entries: head.seq,
    head: head.hash,
    checkpoints: all.length,
    vouched_until: vouchedUntil,
    fault,
    fault_seq: faultSeq,
  });
  const forged = all.find((checkpoint) => !isSigned(checkpoint));
  if (forged !== undefined) return verdict(GENESIS, "bad_signature", forged.seq);
  const known = new Map(all.map(({ seq, hash }) => [seq, hash]));
  let head = GENESIS;
  for (;;) {
    const { seq } = head;
    const entries = await read(() => store.audit.after(seq, PAGE));
    const result = verifyChain(entries, head);
    if (!result.isWhole) return verdict(head, result.fault, result.seq);
    const other = entries.find((entry) => (known.get(entry.seq) ?? entry.hash) !== entry.hash);
    if (other !== undefined) return verdict(head, "edited", other.seq);
    ({ head } = result);
    if (entries.length < PAGE) break;
  }
  if (vouchedUntil > head.seq) return verdict(head, "truncated", head.seq + 1);
  return verdict(head, null, null);
}
