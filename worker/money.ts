/** Money is whole pico-dollars (10^-12 USD) in a bigint, and a decimal string outside. Never a float. */

const DIGITS = 12;

/** `1234n` → `"0.000000001234"`: always 12 digits behind the point. */
export function formatPicoUsd(picoUsd: bigint): string {
  const sign = picoUsd < 0n ? "-" : "";
  const digits = (picoUsd < 0n ? -picoUsd : picoUsd).toString().padStart(DIGITS + 1, "0");
  return `${sign}${digits.slice(0, -DIGITS)}.${digits.slice(-DIGITS)}`;
}
