/** Price overrides on SQLite. */
import { asc, sql } from "drizzle-orm";
import { priceOverride } from "../schema/sqlite.ts";
import type { PriceOverrideStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
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
      const put = client.transaction(() => {
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
      });
      await whileBusy(put.immediate);
    },
  };
}
