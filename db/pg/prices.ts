/** Price overrides on Postgres. */
import { asc, sql } from "drizzle-orm";
import { priceOverride } from "../schema/pg.ts";
import type { PriceOverride, PriceOverrideStore } from "../store.ts";
import type { Orm, PgDatabase } from "./database.ts";

export function createPrices({ run, transaction }: PgDatabase): PriceOverrideStore {
  return {
    list: () =>
      run((orm) =>
        orm
          .select()
          .from(priceOverride)
          .orderBy(asc(priceOverride.provider), asc(priceOverride.model)),
      ),
    put: (overrides) => transaction((tx) => putPrices(tx, overrides)),
  };
}

/** Within a transaction of the caller's. */
export async function putPrices(tx: Orm, overrides: readonly PriceOverride[]): Promise<void> {
  for (const override of overrides) {
    await tx
      .insert(priceOverride)
      .values(override)
      .onConflictDoUpdate({
        target: [priceOverride.provider, priceOverride.model],
        set: {
          price: sql`excluded.price`,
          version: sql`excluded.version`,
          createdAtMs: sql`excluded.created_at_ms`,
        },
      });
  }
}
