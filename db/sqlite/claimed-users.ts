/** Users that keys have claimed by header, on SQLite. */
import { eq } from "drizzle-orm";
import { claimedUser } from "../schema/sqlite.ts";
import type { ClaimedUserStore } from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

export function createClaimedUsers({ orm }: SqliteDatabase): ClaimedUserStore {
  return {
    async list(keyId) {
      return orm
        .select({ user: claimedUser.user, day: claimedUser.day })
        .from(claimedUser)
        .where(eq(claimedUser.keyId, keyId))
        .all();
    },
    async add(keyId, user, day) {
      await whileBusy(() =>
        orm.insert(claimedUser).values({ keyId, user, day }).onConflictDoNothing().run(),
      );
    },
  };
}
