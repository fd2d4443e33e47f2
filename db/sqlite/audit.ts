/** The audit chain on SQLite. A link is made under the write lock, so that two processes never make the same one. */
import { and, desc, eq, gte, lt } from "drizzle-orm";
import { audit, setting } from "../schema/sqlite.ts";
import {
  VersionConflict,
  type AuditHead,
  type AuditRecord,
  type AuditStore,
  type SettingChange,
} from "../store.ts";
import type { Orm, SqliteDatabase } from "./database.ts";
import { whileBusy } from "./fault.ts";

const NO_HASH = "0".repeat(64);

export function createAudit({ client, orm }: SqliteDatabase): AuditStore {
  return {
    append(make, settings = []) {
      return whileBusy(() => {
        let made: AuditRecord | null = null;
        client
          .transaction(() => {
            made = make(readHead(orm));
            orm.insert(audit).values(made).run();
            for (const change of settings) changeSetting(orm, change, made);
          })
          .immediate();
        if (made === null) throw new Error("the transaction did not run");
        return made;
      });
    },
    head: async () => readHead(orm),
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

function changeSetting(orm: Orm, change: SettingChange, entry: AuditRecord): void {
  const { name, value, expectedVersion } = change;
  const [row] = orm
    .select({ version: setting.version })
    .from(setting)
    .where(eq(setting.name, name))
    .all();
  const version = row?.version ?? 0;
  if (expectedVersion !== null && expectedVersion !== version) throw new VersionConflict();
  const values = { value, version: version + 1, changedAtMs: entry.timeMs, changedBy: entry.actor };
  orm
    .insert(setting)
    .values({ name, ...values })
    .onConflictDoUpdate({ target: setting.name, set: values })
    .run();
}
