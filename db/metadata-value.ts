/** Names of values within a row's metadata: `metadata.` and the key. */
import type { MetadataValue } from "./store.ts";

const METADATA = "metadata.";

export function isMetadataValue(name: string): name is MetadataValue {
  return name.startsWith(METADATA);
}

/** Letters, digits, `_` and `-`, and nothing that a statement would have to escape. @throws Error for any other */
export function metadataKey(name: MetadataValue): string {
  const key = name.slice(METADATA.length);
  if (!/^[\w-]+$/.test(key)) throw new Error("not the name of a metadata value");
  return key;
}
