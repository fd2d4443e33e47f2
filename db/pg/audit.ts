/** The audit chain on Postgres. A link is made under an advisory lock, so that two gateways never make the same one. */
import { and, asc, desc, eq, gt, gte, lt, sql } from "drizzle-orm";
import { audit } from "../schema/pg.ts";
import type { AuditHead, AuditStore } from "../store.ts";
import { applyChange } from "./changes.ts";
import type { Orm, PgDatabase } from "./database.ts";
import { LOCKS } from "./migrate.ts";

const NO_HASH = "0".repeat(64);

export function createAudit({ run, transaction }: PgDatabase): AuditStore {
  return {
    append: (make, changes = []) =>
      transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.audit})`);
        const made = make(await readHead(tx));
        await tx.insert(audit).values(made);
        for (const change of changes) await applyChange(tx, change, made);
        return made;
      }),
    head: () => run(readHead),
    after: (seq, limit) =>
      run((orm) =>
        orm.select().from(audit).where(gt(audit.seq, seq)).orderBy(asc(audit.seq)).limit(limit),
      ),
    list: ({ fromMs, toMs, where, beforeSeq, limit }) =>
      run((orm) =>
        orm
          .select()
          .from(audit)
          .where(
            and(
              gte(audit.timeMs, fromMs),
              lt(audit.timeMs, toMs),
              beforeSeq === null ? undefined : lt(audit.seq, beforeSeq),
              where.actor === undefined ? undefined : eq(audit.actor, where.actor),
              where.action === undefined ? undefined : eq(audit.action, where.action),
              where.target === undefined ? undefined : eq(audit.target, where.target),
            ),
          )
          .orderBy(desc(audit.seq))
          .limit(limit),
      ),
  };
}

async function readHead(orm: Orm): Promise<AuditHead> {
  const [row] = await orm
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .orderBy(desc(audit.seq))
    .limit(1);
  return row ?? { seq: 0, hash: NO_HASH };
}
