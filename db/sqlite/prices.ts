/** Price overrides on SQLite. */
import { asc, sql } from "drizzle-orm";
import { priceOverride } from "../schema/sqlite.ts";
import type { PriceOverride, PriceOverrideStore } from "../store.ts";
import type { Orm, SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

export function createPrices({ client, orm }: SqliteDatabase): PriceOverrideStore {
  return {
    async list() {
      return orm
        .select()
        .from(priceOverride)
        .orderBy(asc(priceOverride.provider), asc(priceOverride.model))
        .all();
    },
    async put(overrides) {
      await whileBusy(client.transaction(() => putPrices(orm, overrides)).immediate);
    },
  };
}

/** Within a transaction of the caller's. */
export function putPrices(orm: Orm, overrides: readonly PriceOverride[]): void {
  for (const override of overrides) {
    orm
      .insert(priceOverride)
      .values(override)
      .onConflictDoUpdate({
        target: [priceOverride.provider, priceOverride.model],
        set: {
          price: sql`excluded.price`,
          version: sql`excluded.version`,
          createdAtMs: sql`excluded.created_at_ms`,
        },
      })
      .run();
  }
}
