/** Amounts of caps as people write them: dollars with up to twelve decimals, or whole tokens. */
import type { CapUnit } from "../../db/store.ts";
import { formatPicoUsd, parseUsd } from "../money.ts";

export function amountText(unit: CapUnit, amount: bigint): string {
  return unit === "usd" ? formatPicoUsd(amount) : String(amount);
}

/** Null for what is no amount of the unit, or none that a column holds. */
export function parseAmount(unit: CapUnit, text: string): bigint | null {
  const amount = unit === "usd" ? parseUsd(text) : /^\d{1,18}$/.test(text) ? BigInt(text) : null;
  return amount !== null && amount >= 0n && amount < 2n ** 63n ? amount : null;
}
