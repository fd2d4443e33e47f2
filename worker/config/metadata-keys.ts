/** `ANYRAY_METADATA_KEYS`: which further members of the metadata header stay with a ledger row. */
import { isMetadataKey, MAX_METADATA_KEYS } from "../kept-metadata.ts";
import type { Environment } from "./environment.ts";
import type { Report } from "./json-fields.ts";

export function readMetadataKeys(environment: Environment, report: Report): readonly string[] {
  const name = "ANYRAY_METADATA_KEYS";
  const keys = environment
    .text(name)
    .split(",")
    .map((key) => key.trim())
    .filter(Boolean);
  if (!keys.every(isMetadataKey)) {
    report(
      name,
      "must be names joined by commas: a letter, then letters, digits, _ or -, at most 32; not user, team or session.",
    );
  }
  if (new Set(keys).size < keys.length) report(name, "names a key twice.");
  if (keys.length > MAX_METADATA_KEYS) report(name, `has more than ${MAX_METADATA_KEYS} keys.`);
  return keys;
}
