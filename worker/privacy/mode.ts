/** Which content mode is in force. It only ever degrades downwards: plaintext, encrypted, off. Pure. */

/** From the least that is kept to the most. */
export const CONTENT_MODES = ["off", "encrypted", "plaintext"] as const;
export type ContentMode = (typeof CONTENT_MODES)[number];

export const KEY_STATES = ["ok", "missing", "mismatch", "failed"] as const;
/** `mismatch`: stored subject keys are wrapped by a master key that was not given. */
export type KeyState = (typeof KEY_STATES)[number];

export const STORE_STATES = ["ok", "full", "failed"] as const;
export type StoreState = (typeof STORE_STATES)[number];

/** Why the effective mode is not the requested one. */
export type DegradeReason =
  | "plaintext_not_allowed"
  | "key_missing"
  | "key_mismatch"
  | "key_failed"
  | "store_full"
  | "store_failed"
  | "unreadable"
  | "unknown_value";

export interface ModeInput {
  /** As it is stored: anything at all. Null: it could not be read. */
  readonly requested: string | null;
  /** `ANYRAY_ALLOW_PLAINTEXT`. */
  readonly allowPlaintext: boolean;
  readonly key: KeyState;
  readonly store: StoreState;
}

export interface EffectiveMode {
  readonly effective: ContentMode;
  readonly reason: DegradeReason | null;
}

export function parseMode(text: string | null): ContentMode | null {
  return CONTENT_MODES.find((mode) => mode === text) ?? null;
}

/** Of several reasons the gravest is named: what keeps everything off, before what lowers the mode. */
export function effectiveMode({ requested, allowPlaintext, key, store }: ModeInput): EffectiveMode {
  const mode = parseMode(requested);
  if (mode === "off") return { effective: "off", reason: null };
  if (store !== "ok") return { effective: "off", reason: `store_${store}` };
  // Plaintext needs no key.
  if (mode === "plaintext" && allowPlaintext) return { effective: "plaintext", reason: null };
  if (key !== "ok") return { effective: "off", reason: `key_${key}` };
  if (mode === "encrypted") return { effective: "encrypted", reason: null };
  if (mode === "plaintext") return { effective: "encrypted", reason: "plaintext_not_allowed" };
  return { effective: "encrypted", reason: requested === null ? "unreadable" : "unknown_value" };
}

export function lowerOf(a: ContentMode, b: ContentMode): ContentMode {
  return CONTENT_MODES.indexOf(a) <= CONTENT_MODES.indexOf(b) ? a : b;
}
