/**
 * Secrets that the gateway issues, and the ids beside them: their form, their check, and what of them is kept. The form is a prefix
 * (`ark_`, `aak_` …), 43 base64url characters (256 random bits), `_`, and 6 base62 characters: the CRC-32 of all before that `_`. So secret
 * scanners and typing errors find them without a look-up.
 *
 * A 256-bit random secret needs no slow hash: SHA-256 is what the store holds, and look-up is by that hash.
 */
import { hash as digest } from "node:crypto";
import { crc32 } from "node:zlib";

const PREFIX_LENGTH = 4;
const BODY_END = PREFIX_LENGTH + 43;
const CHECKSUM_LENGTH = 6;
const LENGTH = BODY_END + 1 + CHECKSUM_LENGTH;
const FORM = /^[a-z]{3}_[A-Za-z0-9_-]{43}_[0-9A-Za-z]{6}$/;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 16;

/** Client keys, keys of the admin API, sign-ins, invites. */
export type SecretPrefix = "ark_" | "aak_" | "ans_" | "inv_";

/** `n` bytes that nobody can guess. */
export type RandomBytes = (n: number) => Uint8Array;

/** What the store keeps of a secret. */
export interface ParsedSecret {
  /** Lower-case hex SHA-256 of the whole text. */
  readonly hash: string;
  /** The first 6 characters after the prefix, for people to recognise it. */
  readonly display: string;
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = (BASE62[rest % 62] ?? "") + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** The number that six base62 digits stand for, from an offset on. */
function checksumAt(text: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + CHECKSUM_LENGTH; at++) {
    value = value * 62 + base62Digit(text.charCodeAt(at));
  }
  return value;
}

/** Of a character of that alphabet, which is in the order of its codes. */
function base62Digit(code: number): number {
  if (code < 0x3a) return code - 0x30;
  return code < 0x5b ? code - 0x41 + 10 : code - 0x61 + 36;
}

/** A new secret. It is shown once, to whoever asked for it, and stored nowhere. */
export function createSecret(prefix: SecretPrefix, random: RandomBytes): string {
  const body = prefix + random(32).toBase64({ alphabet: "base64url", omitPadding: true });
  return `${body}_${checksum(body)}`;
}

/** Null unless the text has the form and its checksum is right. About 1 µs; safe on any text a stranger sends. */
export function parseSecret(prefix: SecretPrefix, text: string): ParsedSecret | null {
  if (text.length !== LENGTH || !text.startsWith(prefix) || !FORM.test(text)) return null;
  if (crc32(text.slice(0, BODY_END)) !== checksumAt(text, BODY_END + 1)) return null;
  return {
    hash: digest("sha256", text, "hex"),
    display: text.slice(PREFIX_LENGTH, PREFIX_LENGTH + 6),
  };
}

/** A new secret, and what the store keeps of it. */
export function issueSecret(
  prefix: SecretPrefix,
  random: RandomBytes,
): ParsedSecret & { readonly secret: string } {
  const secret = createSecret(prefix, random);
  const parsed = parseSecret(prefix, secret);
  if (parsed === null) throw new Error("a new secret does not parse");
  return { secret, ...parsed };
}

/** The prefix and 16 base62 characters (95 random bits). Not secret: it stands in the ledger and in admin paths. */
export function createId(prefix: string, random: RandomBytes): string {
  let id = "";
  while (id.length < ID_LENGTH) {
    for (const byte of random(2 * ID_LENGTH)) {
      // 248 = 4 × 62: what is above would favour the first characters.
      if (byte < 248 && id.length < ID_LENGTH) id += BASE62[byte % 62] ?? "";
    }
  }
  return `${prefix}${id}`;
}
