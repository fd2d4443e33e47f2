/** The content modes, in words: what each keeps, what happens when one is chosen, and why less than was asked for is in force. */
import type { AdminApi } from "../../api.ts";

export type PrivacyReport = NonNullable<Awaited<ReturnType<AdminApi["privacy"]["get"]>>["data"]>;

export const MODES = ["off", "encrypted", "plaintext"] as const;
export type Mode = (typeof MODES)[number];

export function parseMode(text: string | null): Mode | null {
  return MODES.find((mode) => mode === text) ?? null;
}

export const KEEPS: Readonly<Record<Mode, string>> = {
  off: "No prompt and no answer is kept. Spend, limits and traces go on: they hold none.",
  encrypted:
    "Prompts and answers are sealed before they are written, each under its user's own key. Nobody reads them here.",
  plaintext:
    "Prompts and answers are stored readable, for whoever gets at the data directory or the trace back end.",
};

/** Keyed by the API's `reason`. */
const REASONS: Readonly<Record<string, string>> = {
  plaintext_not_allowed:
    "Plaintext was asked for, but this deployment does not allow it (ANYRAY_ALLOW_PLAINTEXT). Content is sealed instead.",
  key_missing: "There is no master key to seal with. Nothing is kept until there is one.",
  key_mismatch:
    "Users' keys are wrapped by another master key than the one given. Nothing is kept, so that nothing is sealed that can't be opened; give the former key in ANYRAY_CONTENT_KEYS_RETIRED.",
  key_failed: "The sealing thread failed. Nothing is kept until the gateway is started again.",
  store_full:
    "The content store has reached ANYRAY_CONTENT_MAX_BYTES. Nothing is kept until there is room.",
  store_failed: "The content store can't be written. Nothing is kept until it can.",
  unreadable:
    "What was asked for can't be read from the database. What can't be read is never taken for plaintext.",
  unknown_value: "What is stored is no mode. What is unknown is never taken for plaintext.",
};

export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll("_", " ");
}

/** Before the mode is changed: what happens then, a sentence each. */
export function consequencesOf(to: Mode, report: PrivacyReport): readonly string[] {
  const stays =
    "What is stored already stays as it is, until its time is over or its key is destroyed.";
  const audited =
    "It counts at once, in every gateway of this database, and stands in the audit log with your name.";
  if (to === "off") {
    return ["From the next request on, no prompt and no answer is kept.", stays, audited];
  }
  if (to === "plaintext") {
    return [
      "From the next request on, prompts and answers are stored readable: in the content store, in the spans that leave for a trace back end, and in their backups.",
      "Destroying a user's key does not make them unreadable.",
      stays,
      audited,
    ];
  }
  const { state } = report.key;
  return [
    "From the next request on, prompts and answers are sealed before they are written.",
    report.recipients.length === 0
      ? "Whoever has the master key can open them offline; this console and the API can't."
      : "Opening them takes the master key and a recipient's private key, offline; this console and the API can't.",
    ...(state === "ok" ? [] : [`The key is ${state} now: nothing is kept before that is mended.`]),
    stays,
    audited,
  ];
}
