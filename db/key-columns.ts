/** The lists of a key or an invite as columns of text hold them. The same in both databases. */
import type { ClientKey } from "./store.ts";

export function toKeyColumns<T extends Partial<Pick<ClientKey, "models" | "endpoints">>>(key: T) {
  const { models, endpoints, ...rest } = key;
  return {
    ...rest,
    ...(models === undefined ? {} : { models: formatNames(models) }),
    ...(endpoints === undefined ? {} : { endpoints: formatNames(endpoints) }),
  };
}

function formatNames(names: readonly string[] | null): string | null {
  return names === null ? null : JSON.stringify(names);
}

interface KeyColumns {
  readonly metadata: string | null;
  readonly models: string | null;
  readonly endpoints: string | null;
}

/** The reverse of `toKeyColumns`. */
export function fromKeyColumns<T extends KeyColumns>(row: T) {
  const { metadata, models, endpoints, ...rest } = row;
  return {
    ...rest,
    // The CHECK of the column allows nothing else.
    metadata: metadata === "ignore" || metadata === "fill" ? metadata : null,
    models: parseNames(models),
    endpoints: parseNames(endpoints),
  } as const;
}

/** An unreadable list allows nothing. */
function parseNames(text: string | null): readonly string[] | null {
  if (text === null) return null;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
