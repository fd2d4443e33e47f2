/**
 * Which traces leave the machine: by the random end of the trace id, as W3C Trace Context 2 has it, so that whoever samples the same
 * share of the same trace decides alike.
 */
const RANDOM_DIGITS = 14;
const RANGE = 16 ** RANDOM_DIGITS;

/** @param traceId of the spans @param share 0 to 1 */
export function isSampled(traceId: string, share: number): boolean {
  return Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) >= (1 - share) * RANGE;
}
