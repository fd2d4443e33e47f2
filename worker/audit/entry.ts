/** One entry of the audit log: its form, its canonical bytes and its hash (SPEC.md). Pure. */
import { createHash } from "node:crypto";
import type { AuditRecord } from "../../db/store.ts";
import { isIdentity } from "../chat.ts";

/** Closed; grows with what administrators can do. */
export const AUDIT_ACTIONS = [
  "privacy.change",
  "subject.erase",
  "keys.rotate",
  "keys.export",
  "keys.share",
  "content.read",
  "key.create",
  "key.change",
  "key.rotate",
  "key.revoke",
  "invite.create",
  "invite.redeem",
  "invite.revoke",
  "cap.create",
  "cap.change",
  "cap.remove",
  "cap.warned",
  "cap.exceeded",
  "limit.create",
  "limit.change",
  "limit.remove",
  "account.create",
  "account.change",
  "session.begin",
  "session.end",
  "token.create",
  "token.end",
  "price.import",
  "price.remove",
  "provider.create",
  "provider.change",
  "provider.remove",
  "provider.test",
  "routes.change",
  "retention.change",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export type AuditValue = string | number | boolean | null;
export type AuditFacts = Readonly<Record<string, AuditValue>>;

/** What someone did, before it has its place in the chain. */
export interface AuditDraft {
  readonly timeMs: number;
  readonly actor: string;
  readonly action: AuditAction;
  readonly target: string;
  readonly before: AuditFacts | null;
  readonly after: AuditFacts | null;
}

const LABEL = "anyray/audit/v1";
const NAME = /^[a-z][a-z0-9_]*$/;
/** Before the first entry. */
export const GENESIS_HASH = "0".repeat(64);

/** The entry that follows a head. @throws Error for a draft that holds what no entry may hold */
export function sealEntry(
  draft: AuditDraft,
  head: { readonly seq: number; readonly hash: string },
): AuditRecord {
  const unsealed = {
    seq: head.seq + 1,
    timeMs: draft.timeMs,
    actor: checked(draft.actor),
    action: draft.action,
    target: checked(draft.target),
    before: factsJson(draft.before),
    after: factsJson(draft.after),
    prevHash: head.hash,
  };
  return { ...unsealed, hash: entryHash(unsealed) };
}

export function entryHash(entry: Omit<AuditRecord, "hash">): string {
  return createHash("sha256").update(LABEL).update(canonicalEntry(entry)).digest("hex");
}

/** What is hashed, as text. */
export function canonicalEntry(entry: Omit<AuditRecord, "hash">): string {
  const members = [
    `"prev_hash":${JSON.stringify(entry.prevHash)}`,
    `"action":${JSON.stringify(entry.action)}`,
    `"actor":${JSON.stringify(entry.actor)}`,
    `"after":${entry.after ?? "null"}`,
    `"before":${entry.before ?? "null"}`,
    `"seq":${entry.seq}`,
    `"target":${JSON.stringify(entry.target)}`,
    `"time":${JSON.stringify(new Date(entry.timeMs).toISOString())}`,
  ];
  return `{${members.join(",")}}`;
}

/** Canonical JSON of a flat object. @throws Error for what no entry may hold */
export function canonicalFacts(facts: AuditFacts): string {
  const members = Object.keys(facts)
    .sort()
    .map((name) => {
      if (!NAME.test(name)) throw new Error("a member's name is not allowed in the audit log");
      return `${JSON.stringify(name)}:${JSON.stringify(checkedValue(facts[name] ?? null))}`;
    });
  return `{${members.join(",")}}`;
}

function factsJson(facts: AuditFacts | null): string | null {
  return facts === null ? null : canonicalFacts(facts);
}

function checkedValue(value: AuditValue): AuditValue {
  if (typeof value === "string") return checked(value);
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new Error("the audit log holds whole numbers only");
  }
  return value;
}

function checked(text: string): string {
  if (!isIdentity(text)) throw new Error("the audit log holds names and ids only");
  return text;
}
