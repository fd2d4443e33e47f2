/** Padmé: lengths rounded up to few values, so that a size tells little (SPEC.md, "Body"). */

/** @param length at least 2 @returns the padded length, at most 12 % more */
export function padme(length: number): number {
  const exponent = Math.floor(Math.log2(length));
  const mantissaBits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** Math.max(0, exponent - mantissaBits);
  return Math.ceil(length / step) * step;
}
