/**
 * What of `x-anyray-metadata` stays with a ledger row beside user, team and session: the members that the operator names in
 * `ANYRAY_METADATA_KEYS`, as one text. Canonical JSON: keys sorted, names for values, so that equal metadata is equal text. Pure.
 */
import { isIdentity } from "./chat.ts";

/** As many as the ledger's check lets pass. */
export const MAX_METADATA_KEYS = 8;

/** As the ledger has them elsewhere. */
const OWN_MEMBERS: ReadonlySet<string> = new Set([
  "user",
  "userId",
  "team",
  "session",
  "sessionId",
]);
const KEY = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

export function isMetadataKey(text: string): boolean {
  return KEY.test(text) && !OWN_MEMBERS.has(text);
}

/** Null: none of them is there. @param values names, by key */
export function encodeMetadata(values: ReadonlyMap<string, string>): string | null {
  if (values.size === 0) return null;
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, value]) => `"${key}":"${value}"`).join(",")}}`;
}

/** What `encodeMetadata` wrote; of anything else only what could be its work. */
export function decodeMetadata(text: string | null): Readonly<Record<string, string>> {
  if (text === null) return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return {};
  }
  return Object.fromEntries(
    Object.entries(json ?? {}).filter(
      ([key, value]) => isMetadataKey(key) && typeof value === "string" && isIdentity(value),
    ),
  );
}
