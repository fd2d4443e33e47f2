/** Users and teams that keys have claimed by header, on Postgres. */
import { eq } from "drizzle-orm";
import { claimedTeam, claimedUser } from "../schema/pg.ts";
import type { ClaimedNameStore } from "../store.ts";
import type { PgDatabase } from "./database.ts";

const TABLES = { user: claimedUser, team: claimedTeam } as const;

export function createClaimedNames(
  { run }: PgDatabase,
  kind: keyof typeof TABLES,
): ClaimedNameStore {
  const table = TABLES[kind];
  return {
    list: (keyId) =>
      run((orm) =>
        orm.select({ name: table.name, day: table.day }).from(table).where(eq(table.keyId, keyId)),
      ),
    async add(keyId, name, day) {
      await run((orm) => orm.insert(table).values({ keyId, name, day }).onConflictDoNothing());
    },
  };
}
