/** Client keys in the audit log: what they are bound to and may do, never their secrets or the hashes of them. */
import type { ClientKey, KeyTerms } from "../db/store.ts";
import { isoTime } from "./iso-time.ts";
import type { AuditAction, AuditDraft, AuditFacts } from "./audit/entry.ts";

/** The terms alone of what has them. */
export function termsOf(from: KeyTerms): KeyTerms {
  const { name, description, user, team, metadata, passthrough, models, endpoints } = from;
  return { name, description, user, team, metadata, passthrough, models, endpoints };
}

/** Lists by their length, since an entry holds names and numbers. */
export function termFacts(terms: KeyTerms): AuditFacts {
  const { models, endpoints, ...rest } = termsOf(terms);
  return { ...rest, models: models?.length ?? null, endpoints: endpoints?.length ?? null };
}

export function keyEntry(
  action: AuditAction,
  before: ClientKey | null,
  after: ClientKey,
): Pick<AuditDraft, "action" | "target" | "before" | "after"> {
  return {
    action,
    target: after.id,
    before: before === null ? null : keyFacts(before),
    after: keyFacts(after),
  };
}

function keyFacts(key: ClientKey): AuditFacts {
  return {
    ...termFacts(key),
    // A name begins with a letter or digit; a secret need not.
    display: key.display.replace(/^[^0-9A-Za-z]+/, "x"),
    expires_at: isoTime(key.expiresAtMs),
    revoked_at: isoTime(key.revokedAtMs),
    former_secret_until: isoTime(key.previousUntilMs),
  };
}
