/**
 * What the value of each secret must be, and its normal form. A problem never quotes the value.
 */
import { parseClientKey } from "../client-key.ts";
import { isApiKey } from "./provider-settings.ts";
import type { SettingName } from "./settings.ts";

export type SecretValue =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly problem: string };

/** Below this a token can be guessed over the network. */
const MIN_TOKEN_LENGTH = 8;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;
/** 32 bytes in either base64 alphabet: 43 characters, and padding if it was kept. */
const BASE64_KEY = /^[A-Za-z0-9+/_-]{42}[AEIMQUYcgkosw048]=?$/;

function toContentKey(text: string): SecretValue {
  if (HEX_KEY.test(text)) return { ok: true, value: text.toLowerCase() };
  if (!BASE64_KEY.test(text)) return { ok: false, problem: "must be 32 bytes in hex or base64." };
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace("=", "");
  const bytes = Uint8Array.from(atob(`${standard}=`), (character) => character.charCodeAt(0));
  return { ok: true, value: bytes.toHex() };
}

function toContentKeys(text: string): SecretValue {
  const keys = text.split(",").map((key) => toContentKey(key.trim()));
  const values = keys.flatMap((key) => (key.ok ? [key.value] : []));
  if (values.length === keys.length) return { ok: true, value: values.join(",") };
  return { ok: false, problem: "must be keys of 32 bytes in hex or base64, joined by commas." };
}

/** Content keys in hex, everything else as it is. */
export function parseSecret(name: SettingName, text: string): SecretValue {
  if (name === "ANYRAY_CONTENT_KEY" || name === "ANYRAY_AUDIT_KEY") return toContentKey(text);
  if (name === "ANYRAY_CONTENT_KEYS_RETIRED") return toContentKeys(text);
  if (!isApiKey(text)) return { ok: false, problem: "must be visible ASCII without spaces." };
  if (name === "ANYRAY_CLIENT_KEY" && parseClientKey(text) === null) {
    return {
      ok: false,
      problem: "is not a client key (ark_…), or is mistyped. `anyray keys create` makes one.",
    };
  }
  const isToken = name === "ANYRAY_ADMIN_TOKEN" || name === "ANYRAY_METRICS_TOKEN";
  if (isToken && text.length < MIN_TOKEN_LENGTH) {
    return { ok: false, problem: `must have at least ${MIN_TOKEN_LENGTH} characters.` };
  }
  return { ok: true, value: text };
}
