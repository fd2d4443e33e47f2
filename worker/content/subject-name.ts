/**
 * Whose content a part is: the name under which its subject key is kept. A name that a key binds and one that a caller claims are
 * never the same subject, nor are claims made through different keys.
 */

export interface SubjectOrigin {
  readonly key: { readonly id: string; readonly user: string | null; readonly team: string | null };
  readonly user: string | null;
  readonly team: string | null;
}

/** `key user alice`, `claim key_… team blue`, `key key key_…`: names hold at most single spaces, and come last. */
export function subjectName({ key, user, team }: SubjectOrigin): string {
  if (user !== null) return `${originOf(key.id, key.user === user)} user ${user}`;
  if (team !== null) return `${originOf(key.id, key.team === team)} team ${team}`;
  return `key key ${key.id}`;
}

function originOf(keyId: string, isBound: boolean): string {
  return isBound ? "key" : `claim ${keyId}`;
}

export interface SubjectParts {
  /** Null: bound by the client key; else the key through which the name was claimed. */
  readonly claimedThrough: string | null;
  readonly kind: "user" | "team" | "key";
  readonly name: string;
}

const NAME = /^(?:key|claim (\S+)) (user|team|key) (.+)$/;

/** Null for what is no subject's name. */
export function parseSubjectName(text: string): SubjectParts | null {
  const [, keyId, kind, name] = NAME.exec(text) ?? [];
  if (name === undefined || (kind !== "user" && kind !== "team" && kind !== "key")) return null;
  return { claimedThrough: keyId ?? null, kind, name };
}
