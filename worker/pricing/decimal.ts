/**
 * Decimal text ⇄ whole numbers of a small unit, exactly. No float takes part: a price is read from its digits.
 */

/** Plain decimals only: no sign, no exponent, no bare point. 18 digits before and 24 behind are beyond any price. */
const PLAIN = /^(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,24}))?$/;

/**
 * `text` × 10^`scale`, rounded half-even where digits are left over (`2.5` at scale 0 is 2n, `3.5` is 4n).
 * Null if the text is not a plain decimal.
 */
export function parseDecimal(text: string, scale: number): bigint | null {
  const match = PLAIN.exec(text);
  if (match === null) return null;
  const fraction = (match[2] ?? "").padEnd(scale, "0");
  const whole = BigInt((match[1] ?? "0") + fraction.slice(0, scale));
  const rest = fraction.slice(scale).replace(/0+$/, "");
  if (rest === "" || rest < "5") return whole;
  return rest === "5" ? whole + (whole & 1n) : whole + 1n;
}

/** `units` ÷ 10^`scale` as plain decimal text with at least `minDigits` behind the point; trailing zeros beyond them are cut. */
export function formatDecimal(units: bigint, scale: number, minDigits = 0): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits
    .slice(digits.length - scale)
    .replace(/0+$/, "")
    .padEnd(minDigits, "0");
  return `${units < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The shortest decimal text of a float ≥ 0, without an exponent. Null for what is no such number. */
export function decimalText(value: number): string | null {
  if (!Number.isFinite(value) || value < 0) return null;
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  if (exponent === "0") return mantissa;
  const [whole = "", fraction = ""] = mantissa.split(".");
  const shift = Number(exponent);
  return shift < 0
    ? `0.${"0".repeat(-shift - 1)}${whole}${fraction}`
    : whole + fraction.padEnd(shift, "0");
}
