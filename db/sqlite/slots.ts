/** Which slots of the sums a range of time is made of (`rollup.sqlite`), and what is left of it at its edges. Pure. */
import type { RollupUnit } from "../schema/rollup.ts";
import type { LedgerQuery } from "../store.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const UNIT_MS: Readonly<Record<RollupUnit, number>> = { day: DAY_MS, hour: HOUR_MS };
export const HOURS_A_DAY = 24;

/** One slot; which of its unit since 1970. */
export interface Slot {
  readonly unit: RollupUnit;
  readonly slot: number;
}

/** The slots from `from` to before `to`. */
export interface Slots {
  readonly unit: RollupUnit;
  readonly from: number;
  readonly to: number;
}

export type Span = Pick<LedgerQuery, "fromMs" | "toMs">;

export interface Cover {
  /** One after the other, without a gap. */
  readonly slots: readonly Slots[];
  /** Before and behind them; all of it where there is no slot. */
  readonly edges: readonly Span[];
}

export interface UnitKept {
  readonly unit: RollupUnit;
  /** Slots that begin before it are not to be used. */
  readonly sinceMs: number;
  /** When the newest request of a slot was accepted; 0: there is none. */
  lastOf(slot: number): number;
}

/** @param units the longest first; each is made of whole ones of the next */
export function coverOf(span: Span, units: readonly UnitKept[]): Cover {
  const { fromMs, toMs } = span;
  if (fromMs >= toMs) return { slots: [], edges: [] };
  const [longest, ...shorter] = units;
  if (longest === undefined) return { slots: [], edges: [span] };
  const { unit, sinceMs } = longest;
  const unitMs = UNIT_MS[unit];
  const from = Math.ceil(Math.max(fromMs, sinceMs) / unitMs);
  const end = Math.floor(toMs / unitMs);
  // The last one is whole, too, where nothing of it is later.
  const to = longest.lastOf(end) < toMs ? end + 1 : end;
  if (from >= to) return coverOf(span, shorter);
  const before = coverOf({ fromMs, toMs: from * unitMs }, shorter);
  const behind = coverOf({ fromMs: to * unitMs, toMs }, shorter);
  return {
    slots: [...before.slots, { unit, from, to }, ...behind.slots],
    edges: [...before.edges, ...behind.edges],
  };
}
