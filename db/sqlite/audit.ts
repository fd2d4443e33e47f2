/** The audit chain on SQLite. A link is made under the write lock, so that two processes never make the same one. */
import { and, asc, desc, eq, gt, gte, lt } from "drizzle-orm";
import { audit } from "../schema/sqlite.ts";
import type { AuditHead, AuditRecord, AuditStore } from "../store.ts";
import { applyChange } from "./changes.ts";
import type { Orm, SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

const NO_HASH = "0".repeat(64);

export function createAudit({ client, orm }: SqliteDatabase): AuditStore {
  return {
    append(make, changes = []) {
      return whileBusy(() => {
        let made: AuditRecord | null = null;
        client
          .transaction(() => {
            made = make(readHead(orm));
            orm.insert(audit).values(made).run();
            for (const change of changes) applyChange(orm, change, made);
          })
          .immediate();
        if (made === null) throw new Error("the transaction did not run");
        return made;
      });
    },
    head: async () => readHead(orm),
    async after(seq, limit) {
      return orm
        .select()
        .from(audit)
        .where(gt(audit.seq, seq))
        .orderBy(asc(audit.seq))
        .limit(limit)
        .all();
    },
    async list({ fromMs, toMs, where, beforeSeq, limit }) {
      return orm
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
        .limit(limit)
        .all();
    },
  };
}

function readHead(orm: Orm): AuditHead {
  const [row] = orm
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .orderBy(desc(audit.seq))
    .limit(1)
    .all();
  return row ?? { seq: 0, hash: NO_HASH };
}
