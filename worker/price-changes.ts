/** New prices as a change of the store: with the count that `If-Match` is held against, whoever makes them. */
import type { Change, PriceOverride } from "../db/store.ts";

/** Of the settings table: its version counts the changes of prices. */
export const PRICES_SETTING = "prices";

/** @param expectedVersion null: whatever it was */
export function importPrices(
  overrides: readonly PriceOverride[],
  expectedVersion: number | null,
): readonly Change[] {
  return [{ kind: "price.put", overrides }, counted({ stored: overrides.length }, expectedVersion)];
}

/** As `importPrices`. */
export function removePrice(
  { provider, model }: Pick<PriceOverride, "provider" | "model">,
  expectedVersion: number | null,
): readonly Change[] {
  return [{ kind: "price.remove", provider, model }, counted({ removed: 1 }, expectedVersion)];
}

function counted(what: object, expectedVersion: number | null): Change {
  const value = JSON.stringify(what);
  return { kind: "setting", name: PRICES_SETTING, value, expectedVersion };
}
