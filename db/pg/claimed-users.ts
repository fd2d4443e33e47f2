/** Users that keys have claimed by header, on Postgres. */
import { eq } from "drizzle-orm";
import { claimedUser } from "../schema/pg.ts";
import type { ClaimedUserStore } from "../store.ts";
import type { PgDatabase } from "./database.ts";

export function createClaimedUsers({ run }: PgDatabase): ClaimedUserStore {
  return {
    list: (keyId) =>
      run((orm) =>
        orm
          .select({ user: claimedUser.user, day: claimedUser.day })
          .from(claimedUser)
          .where(eq(claimedUser.keyId, keyId)),
      ),
    async add(keyId, user, day) {
      await run((orm) =>
        orm.insert(claimedUser).values({ keyId, user, day }).onConflictDoNothing(),
      );
    },
  };
}
