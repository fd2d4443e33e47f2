/** Settings on SQLite: read here, changed together with their audit entry (`audit.ts`). */
import { eq } from "drizzle-orm";
import { setting } from "../schema/sqlite.ts";
import type { SettingStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";

export function createSettings({ orm }: SqliteDatabase): SettingStore {
  return {
    async get(name) {
      const [row] = orm.select().from(setting).where(eq(setting.name, name)).all();
      return row ?? null;
    },
  };
}
