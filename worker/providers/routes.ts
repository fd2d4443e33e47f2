/** What administrators set of the way from a model's name to a provider: further aliases, and who is asked first for a bare name. Pure. */
import type { Setting } from "../../db/store.ts";

/** Of the settings table. */
export const ROUTES_SETTING = "routes";

export interface Routes {
  /** alias → `provider/model` */
  readonly aliases: ReadonlyMap<string, string>;
  /** Names of providers; those that are not here follow in their own order. */
  readonly order: readonly string[];
  /** 0: nothing is stored. */
  readonly version: number;
  readonly changedAtMs: number | null;
  readonly changedBy: string | null;
}

export const NO_ROUTES: Routes = {
  aliases: new Map(),
  order: [],
  version: 0,
  changedAtMs: null,
  changedBy: null,
};

export function encodeRoutes({ aliases, order }: Pick<Routes, "aliases" | "order">): string {
  return JSON.stringify({ aliases: [...aliases], order });
}

/** What can't be read counts as nothing, under its version: who changes it sees that. */
export function decodeRoutes(setting: Setting | null): Routes {
  if (setting === null) return NO_ROUTES;
  const { version, changedAtMs, changedBy } = setting;
  const stored = { ...NO_ROUTES, version, changedAtMs, changedBy };
  try {
    // Written by `encodeRoutes`.
    const { aliases, order } = JSON.parse(setting.value) as {
      readonly aliases: readonly (readonly [string, string])[];
      readonly order: readonly string[];
    };
    if (![...aliases.flat(), ...order].every((text) => typeof text === "string")) return stored;
    return { ...stored, aliases: new Map(aliases), order: [...order] };
  } catch {
    return stored;
  }
}

/** Those that `order` names, so; then the others as they come. */
export function inOrder<T extends { readonly name: string }>(
  order: readonly string[],
  entries: readonly T[],
): readonly T[] {
  const place = ({ name }: T): number => {
    const at = order.indexOf(name);
    return at < 0 ? order.length : at;
  };
  return entries.toSorted((a, b) => place(a) - place(b));
}
