/** What administrators set, on Postgres: read here, changed by `changes.ts`. */
import { and, asc, eq, gte, inArray, lt, or, sql } from "drizzle-orm";
import { oneOf } from "../closed-list.ts";
import { fromKeyColumns } from "../key-columns.ts";
import { adminAccount, adminToken, cap, capUsage, invite, rateLimit } from "../schema/pg.ts";
import {
  CAP_MODES,
  CAP_SCOPES,
  CAP_UNITS,
  CAP_WINDOWS,
  ROLES,
  type AdminStore,
  type AdminToken,
} from "../store.ts";
import type { PgDatabase } from "./database.ts";

export function createAdmin({ run, transaction }: PgDatabase): AdminStore {
  return {
    async invites() {
      const rows = await run((orm) => orm.select().from(invite).orderBy(asc(invite.createdAtMs)));
      return rows.map(fromKeyColumns);
    },
    async inviteByHash(secretHash) {
      const [row] = await run((orm) =>
        orm.select().from(invite).where(eq(invite.secretHash, secretHash)),
      );
      return row === undefined ? null : fromKeyColumns(row);
    },
    async caps() {
      const rows = await run((orm) =>
        orm.select().from(cap).orderBy(asc(cap.createdAtMs), asc(cap.id)),
      );
      return rows.map((row) => ({
        ...row,
        scope: oneOf(CAP_SCOPES, row.scope),
        unit: oneOf(CAP_UNITS, row.unit),
        window: oneOf(CAP_WINDOWS, row.window),
        mode: oneOf(CAP_MODES, row.mode),
      }));
    },
    capUsage: (fromMs) =>
      run((orm) => orm.select().from(capUsage).where(gte(capUsage.windowStartMs, fromMs))),
    async limits() {
      const rows = await run((orm) =>
        orm.select().from(rateLimit).orderBy(asc(rateLimit.createdAtMs), asc(rateLimit.id)),
      );
      return rows.map((row) => ({ ...row, scope: oneOf(CAP_SCOPES, row.scope) }));
    },
    async accounts() {
      const rows = await run((orm) =>
        orm.select().from(adminAccount).orderBy(asc(adminAccount.name)),
      );
      return rows.map((row) => ({ ...row, role: oneOf(ROLES, row.role) }));
    },
    async tokens() {
      const rows = await run((orm) =>
        orm.select().from(adminToken).orderBy(asc(adminToken.createdAtMs), asc(adminToken.id)),
      );
      return rows.map(toToken);
    },
    async tokenByHash(secretHash) {
      const [row] = await run((orm) =>
        orm.select().from(adminToken).where(eq(adminToken.secretHash, secretHash)),
      );
      return row === undefined ? null : toToken(row);
    },
    expire: (beforeMs, limit) =>
      transaction(async (tx) => {
        const ended = tx
          .select({ id: adminToken.id })
          .from(adminToken)
          .where(
            and(
              eq(adminToken.kind, "session"),
              or(lt(adminToken.endedAtMs, beforeMs), lt(adminToken.expiresAtMs, beforeMs)),
            ),
          )
          .limit(limit);
        const past = sql`ctid = any(array(select ctid from ${capUsage} where ${lt(capUsage.windowStartMs, beforeMs)} limit ${limit}))`;
        const tokens = await tx
          .delete(adminToken)
          .where(inArray(adminToken.id, ended))
          .returning({ id: adminToken.id });
        const usages = await tx.delete(capUsage).where(past).returning({ id: capUsage.capId });
        return tokens.length + usages.length;
      }),
  };
}

function toToken(row: typeof adminToken.$inferSelect): AdminToken {
  return {
    ...row,
    kind: row.kind === "session" ? "session" : "key",
    role: oneOf(ROLES, row.role),
  };
}
