/** Counts the times that rows of the ledger which were there already were changed: what was made of them has to be made anew. */
import { eq, sql } from "drizzle-orm";
import { setting } from "../schema/sqlite.ts";
import type { Orm } from "./database.ts";

const NAME = "ledger.epoch";

export function readEpoch(orm: Orm): number {
  const [row] = orm
    .select({ version: setting.version })
    .from(setting)
    .where(eq(setting.name, NAME))
    .all();
  return row?.version ?? 0;
}

/** Within the transaction that changes the rows. */
export function beginEpoch(orm: Orm): void {
  orm
    .insert(setting)
    .values({
      name: NAME,
      value: '"changed"',
      version: 1,
      changedAtMs: Date.now(),
      changedBy: "ledger",
    })
    .onConflictDoUpdate({
      target: setting.name,
      set: { version: sql`${setting.version} + 1`, changedAtMs: Date.now() },
    })
    .run();
}
