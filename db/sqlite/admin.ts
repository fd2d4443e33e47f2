/** What administrators set, on SQLite: read here, changed by `changes.ts`. */
import { and, asc, eq, getTableColumns, gte, inArray, lt, or, sql } from "drizzle-orm";
import { oneOf } from "../closed-list.ts";
import { fromKeyColumns } from "../key-columns.ts";
import { adminAccount, adminToken, cap, capUsage, invite, rateLimit } from "../schema/sqlite.ts";
import {
  CAP_MODES,
  CAP_SCOPES,
  CAP_UNITS,
  CAP_WINDOWS,
  ROLES,
  type AdminStore,
  type AdminToken,
} from "../store.ts";
import { whileBusy } from "./fault.ts";
import { exactMoney } from "./money.ts";
import type { SqliteDatabase } from "./database.ts";

export function createAdmin({ orm }: SqliteDatabase): AdminStore {
  return {
    async invites() {
      return orm.select().from(invite).orderBy(asc(invite.createdAtMs)).all().map(fromKeyColumns);
    },
    async inviteByHash(secretHash) {
      const [row] = orm.select().from(invite).where(eq(invite.secretHash, secretHash)).all();
      return row === undefined ? null : fromKeyColumns(row);
    },
    async caps() {
      return orm
        .select({ ...getTableColumns(cap), amount: exactMoney(cap.amount) })
        .from(cap)
        .orderBy(asc(cap.createdAtMs), asc(cap.id))
        .all()
        .map((row) => ({
          ...row,
          scope: oneOf(CAP_SCOPES, row.scope),
          unit: oneOf(CAP_UNITS, row.unit),
          window: oneOf(CAP_WINDOWS, row.window),
          mode: oneOf(CAP_MODES, row.mode),
        }));
    },
    async capUsage(fromMs) {
      return orm
        .select({ ...getTableColumns(capUsage), used: exactMoney(capUsage.used) })
        .from(capUsage)
        .where(gte(capUsage.windowStartMs, fromMs))
        .all();
    },
    async limits() {
      return orm
        .select()
        .from(rateLimit)
        .orderBy(asc(rateLimit.createdAtMs), asc(rateLimit.id))
        .all()
        .map((row) => ({ ...row, scope: oneOf(CAP_SCOPES, row.scope) }));
    },
    async accounts() {
      return orm
        .select()
        .from(adminAccount)
        .orderBy(asc(adminAccount.name))
        .all()
        .map((row) => ({ ...row, role: oneOf(ROLES, row.role) }));
    },
    async tokens() {
      return orm
        .select()
        .from(adminToken)
        .orderBy(asc(adminToken.createdAtMs), asc(adminToken.id))
        .all()
        .map(toToken);
    },
    async tokenByHash(secretHash) {
      const [row] = orm
        .select()
        .from(adminToken)
        .where(eq(adminToken.secretHash, secretHash))
        .all();
      return row === undefined ? null : toToken(row);
    },
    async expire(beforeMs, limit) {
      const ended = orm
        .select({ id: adminToken.id })
        .from(adminToken)
        .where(
          and(
            eq(adminToken.kind, "session"),
            or(lt(adminToken.endedAtMs, beforeMs), lt(adminToken.expiresAtMs, beforeMs)),
          ),
        )
        .limit(limit);
      const past = sql`rowid in (select rowid from ${capUsage} where ${lt(capUsage.windowStartMs, beforeMs)} limit ${limit})`;
      let count = 0;
      await whileBusy(() => {
        count =
          orm
            .delete(adminToken)
            .where(inArray(adminToken.id, ended))
            .returning({ id: adminToken.id })
            .all().length +
          orm.delete(capUsage).where(past).returning({ capId: capUsage.capId }).all().length;
      });
      return count;
    },
  };
}

function toToken(row: typeof adminToken.$inferSelect): AdminToken {
  return {
    ...row,
    kind: row.kind === "session" ? "session" : "key",
    role: oneOf(ROLES, row.role),
  };
}
