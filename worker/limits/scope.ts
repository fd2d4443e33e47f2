/** Whom a cap or a limit is about, and which of them concern a request. */
import type { CapScope } from "../../db/store.ts";

/** For whom a request counts. */
export interface Payer {
  readonly keyId: string;
  readonly user: string | null;
  readonly team: string | null;
}

interface Scoped {
  readonly scope: CapScope;
  /** Null: each of the scope apart, or the whole organisation. */
  readonly scopeId: string | null;
}

/** Whose usage counts: a user, a team, a key; empty for the whole organisation. Null: the rule does not concern the request. */
export function subjectOf({ scope, scopeId }: Scoped, payer: Payer): string | null {
  if (scope === "org") return "";
  const name = scope === "key" ? payer.keyId : payer[scope];
  return scopeId === null || scopeId === name ? name : null;
}

/** Rules by whom they concern, so that a request looks at its own and no other. */
export class ScopeIndex<T extends Scoped> {
  /** `scope` and id → rules; those for all of a scope stand under the scope alone. */
  readonly #rules = new Map<string, T[]>();

  constructor(rules: readonly T[]) {
    for (const rule of rules) {
      const place = placeOf(rule.scope, rule.scopeId);
      const there = this.#rules.get(place);
      if (there === undefined) this.#rules.set(place, [rule]);
      else there.push(rule);
    }
  }

  get isEmpty(): boolean {
    return this.#rules.size === 0;
  }

  of(payer: Payer): readonly T[] {
    if (this.#rules.size === 0) return [];
    const found = [...this.#at("org", null)];
    for (const scope of ["team", "user", "key"] as const) {
      const name = scope === "key" ? payer.keyId : payer[scope];
      if (name === null) continue;
      found.push(...this.#at(scope, null), ...this.#at(scope, name));
    }
    return found;
  }

  #at(scope: CapScope, id: string | null): readonly T[] {
    return this.#rules.get(placeOf(scope, id)) ?? [];
  }
}

function placeOf(scope: CapScope, id: string | null): string {
  return id === null ? scope : `${scope} ${id}`;
}
