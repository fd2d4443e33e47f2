/** Settings on Postgres: read here, changed together with their audit entry (`audit.ts`). */
import { eq, sql } from "drizzle-orm";
import { setting } from "../schema/pg.ts";
import type { SettingStore } from "../store.ts";
import type { PgDatabase } from "./database.ts";

export function createSettings({ run }: PgDatabase): SettingStore {
  return {
    async get(name) {
      const [row] = await run((orm) => orm.select().from(setting).where(eq(setting.name, name)));
      return row ?? null;
    },
    list: (prefix) =>
      run((orm) =>
        orm
          .select()
          .from(setting)
          .where(sql`starts_with(${setting.name}, ${prefix})`)
          .orderBy(sql`${setting.name} collate "C"`),
      ),
  };
}
