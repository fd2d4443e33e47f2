/** Settings on SQLite: read here, changed together with their audit entry (`audit.ts`). */
import { asc, eq, sql } from "drizzle-orm";
import { setting } from "../schema/sqlite.ts";
import type { SettingStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";

export function createSettings({ orm }: SqliteDatabase): SettingStore {
  return {
    async get(name) {
      const [row] = orm.select().from(setting).where(eq(setting.name, name)).all();
      return row ?? null;
    },
    async list(prefix) {
      return orm
        .select()
        .from(setting)
        .where(sql`substr(${setting.name}, 1, ${prefix.length}) = ${prefix}`)
        .orderBy(asc(setting.name))
        .all();
    },
  };
}
