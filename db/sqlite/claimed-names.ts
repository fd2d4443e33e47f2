/** Users and teams that keys have claimed by header, on SQLite. */
import { eq } from "drizzle-orm";
import { claimedTeam, claimedUser } from "../schema/sqlite.ts";
import type { ClaimedNameStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

const TABLES = { user: claimedUser, team: claimedTeam } as const;

export function createClaimedNames(
  { orm }: SqliteDatabase,
  kind: keyof typeof TABLES,
): ClaimedNameStore {
  const table = TABLES[kind];
  return {
    async list(keyId) {
      return orm
        .select({ name: table.name, day: table.day })
        .from(table)
        .where(eq(table.keyId, keyId))
        .all();
    },
    async add(keyId, name, day) {
      await whileBusy(() =>
        orm.insert(table).values({ keyId, name, day }).onConflictDoNothing().run(),
      );
    },
  };
}
