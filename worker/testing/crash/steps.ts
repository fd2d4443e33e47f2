/** Where a request can be when its gateway dies, in order. */
export const CRASH_STEPS = [
  /** Its caps hold what it may cost; nothing is written. */
  "reserved",
  /** It stands in the journal; nothing is sent. */
  "journaled",
  /** Its answer is there; its row is not. */
  "answered",
  /** Its row waits for the commit that it shares with others. */
  "appended",
  /** Its row is committed; the journal has it open, and memory its reservation. */
  "committed",
  /** The journal has closed it. */
  "closed",
] as const;
export type CrashStep = (typeof CRASH_STEPS)[number];
