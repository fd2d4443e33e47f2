/** Money is whole pico-dollars (10^-12 USD) in a bigint, and a decimal string outside. Never a float. */

const DIGITS = 12;

/** `1234n` → `"0.000000001234"`: always 12 digits behind the point. */
export function formatPicoUsd(picoUsd: bigint): string {
  const sign = picoUsd < 0n ? "-" : "";
  const digits = (picoUsd < 0n ? -picoUsd : picoUsd).toString().padStart(DIGITS + 1, "0");
  return `${sign}${digits.slice(0, -DIGITS)}.${digits.slice(-DIGITS)}`;
}

/** `"0.05"` → `50000000000n`; null for what is no amount, or has more than 12 digits behind the point. */
export function parseUsd(text: string): bigint | null {
  const [, whole, fraction = ""] = /^(\d{1,9})(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  return whole === undefined ? null : BigInt(whole + fraction.padEnd(DIGITS, "0"));
}
