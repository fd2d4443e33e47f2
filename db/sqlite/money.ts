/** Pico-dollars in SQLite: whole numbers of 64 bits, which is nine million dollars; sums are kept in two halves beyond that. */
import { sql, type SQL, type SQLWrapper } from "drizzle-orm";

const MAX_INTEGER = 2n ** 63n - 1n;
export const GIGA = 1_000_000_000;
/** As text, not as a parameter: what divides whole numbers must be one in every driver. */
const giga = sql.raw(String(GIGA));

/**
 * To be bound as it is. Bun's driver would silently bind what lies beyond 64 bits as another number.
 * @throws RangeError
 */
export function storable(picoUsd: bigint | null): bigint | null {
  if (picoUsd !== null && (picoUsd > MAX_INTEGER || picoUsd < -MAX_INTEGER)) {
    throw new RangeError("an amount is too large for the ledger");
  }
  return picoUsd;
}

/** Money as text: above 2^53 a driver would round it (Bun) or refuse it (Deno). */
export function exactMoney(column: SQLWrapper): SQL<bigint> {
  return sql`cast(${column} as text)`.mapWith(BigInt);
}

/** `high` and `low` as text: `high × 10^9 + low` is the exact sum. */
export function moneySum(column: SQL) {
  return {
    high: sql<string>`cast(coalesce(sum(${column} / ${giga}), 0) as text)`,
    low: sql<string>`cast(coalesce(sum(${column} % ${giga}), 0) as text)`,
  };
}

export function joinMoney(high: string, low: string): bigint {
  return BigInt(high) * BigInt(GIGA) + BigInt(low);
}

/** For ORDER BY: the sum's whole part first, with what the low halves carry, then the rest. */
export function moneyOrder(column: SQL): readonly [SQL, SQL] {
  const low = sql`sum(${column} % ${giga})`;
  return [sql`coalesce(sum(${column} / ${giga}) + ${low} / ${giga}, 0)`, sql`${low} % ${giga}`];
}
