/** What administrators change, on SQLite: within the transaction of its audit entry (`audit.ts`). */
import { and, eq, isNull, sql } from "drizzle-orm";
import { toKeyColumns } from "../key-columns.ts";
import {
  adminAccount,
  adminToken,
  cap,
  capUsage,
  clientKey,
  invite,
  priceOverride,
  rateLimit,
  setting,
} from "../schema/sqlite.ts";
import { VersionConflict, type AuditRecord, type Change, type SettingChange } from "../store.ts";
import type { Orm } from "./database.ts";
import { isConstraint } from "./fault.ts";
import { storable } from "./money.ts";
import { putPrices } from "./prices.ts";

/** @throws VersionConflict, and what SQLite throws */
export function applyChange(orm: Orm, change: Change, entry: AuditRecord): void {
  switch (change.kind) {
    case "setting":
      return changeSetting(orm, change, entry);
    case "key.add":
      return added(() => orm.insert(clientKey).values(toKeyColumns(change.key)).run());
    case "key.change":
      return changed(
        orm
          .update(clientKey)
          .set(toKeyColumns(change.set))
          .where(eq(clientKey.id, change.id))
          .returning({ id: clientKey.id })
          .all(),
      );
    case "invite.add":
      return added(() => orm.insert(invite).values(toKeyColumns(change.invite)).run());
    case "invite.close":
      return changed(
        orm
          .update(invite)
          .set(change.set)
          .where(
            and(eq(invite.id, change.id), isNull(invite.redeemedAtMs), isNull(invite.revokedAtMs)),
          )
          .returning({ id: invite.id })
          .all(),
      );
    case "cap.put":
      storable(change.cap.amount);
      if (change.expectedVersion === 0) {
        return added(() => orm.insert(cap).values(change.cap).run());
      }
      return changed(
        orm
          .update(cap)
          .set(change.cap)
          .where(and(eq(cap.id, change.cap.id), eq(cap.version, change.expectedVersion)))
          .returning({ id: cap.id })
          .all(),
      );
    case "cap.usage":
      for (const usage of change.usage) {
        storable(usage.used);
        orm.insert(capUsage).values(usage).run();
      }
      return;
    case "cap.remove":
      orm.delete(capUsage).where(eq(capUsage.capId, change.id)).run();
      return changed(orm.delete(cap).where(eq(cap.id, change.id)).returning({ id: cap.id }).all());
    case "limit.put":
      if (change.expectedVersion === 0) {
        return added(() => orm.insert(rateLimit).values(change.limit).run());
      }
      return changed(
        orm
          .update(rateLimit)
          .set(change.limit)
          .where(
            and(eq(rateLimit.id, change.limit.id), eq(rateLimit.version, change.expectedVersion)),
          )
          .returning({ id: rateLimit.id })
          .all(),
      );
    case "limit.remove":
      return changed(
        orm
          .delete(rateLimit)
          .where(eq(rateLimit.id, change.id))
          .returning({ id: rateLimit.id })
          .all(),
      );
    case "price.put":
      return putPrices(orm, change.overrides);
    case "price.remove":
      return changed(
        orm
          .delete(priceOverride)
          .where(
            and(eq(priceOverride.provider, change.provider), eq(priceOverride.model, change.model)),
          )
          .returning({ model: priceOverride.model })
          .all(),
      );
    case "account.add":
      return added(() => orm.insert(adminAccount).values(change.account).run());
    case "account.change":
      return changed(
        orm
          .update(adminAccount)
          .set(change.set)
          .where(eq(adminAccount.name, change.name))
          .returning({ name: adminAccount.name })
          .all(),
      );
    case "token.add":
      return added(() => orm.insert(adminToken).values(change.token).run());
    case "token.end":
      return changed(
        orm
          .update(adminToken)
          .set({ endedAtMs: change.atMs })
          .where(and(eq(adminToken.id, change.id), isNull(adminToken.endedAtMs)))
          .returning({ id: adminToken.id })
          .all(),
      );
    case "token.end-all":
      orm
        .update(adminToken)
        .set({ endedAtMs: change.atMs })
        .where(
          and(
            eq(adminToken.kind, "session"),
            sql`${adminToken.name} is ${change.name}`,
            isNull(adminToken.endedAtMs),
          ),
        )
        .run();
  }
}

function changed(rows: readonly unknown[]): void {
  if (rows.length === 0) throw new VersionConflict();
}

function added(insert: () => unknown): void {
  try {
    insert();
  } catch (error) {
    throw isConstraint(error) ? new VersionConflict() : error;
  }
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
