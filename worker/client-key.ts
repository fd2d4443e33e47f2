/** Client keys: `ark_…`, and what is kept of them. */
import {
  createId,
  createSecret,
  parseSecret,
  type ParsedSecret,
  type RandomBytes,
} from "./secret-text.ts";

export type { RandomBytes } from "./secret-text.ts";

/** What the store keeps of a secret; see `ClientKey.secretHash` and `ClientKey.display`. */
export type ParsedClientKey = ParsedSecret;

/** A new secret. It is shown once, to whoever asked for it, and stored nowhere. */
export function createClientKeySecret(random: RandomBytes): string {
  return createSecret("ark_", random);
}

/** Null unless the text has the form and its checksum is right. */
export function parseClientKey(text: string): ParsedClientKey | null {
  return parseSecret("ark_", text);
}

/** `key_` and 16 base62 characters. */
export function createClientKeyId(random: RandomBytes): string {
  return createId("key_", random);
}
