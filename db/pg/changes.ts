/** What administrators change, on Postgres: within the transaction of its audit entry (`audit.ts`). */
import { and, eq, isNull } from "drizzle-orm";
import { toKeyColumns } from "../key-columns.ts";
import { capReservation } from "../schema/pg-shared.ts";
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
} from "../schema/pg.ts";
import { VersionConflict, type AuditRecord, type Change, type SettingChange } from "../store.ts";
import type { Orm } from "./database.ts";
import { isConstraint } from "./fault.ts";
import { putPrices } from "./prices.ts";

/** @throws (rejects with) VersionConflict, and what Postgres throws */
export async function applyChange(tx: Orm, change: Change, entry: AuditRecord): Promise<void> {
  switch (change.kind) {
    case "setting":
      return changeSetting(tx, change, entry);
    case "key.add":
      return added(() => tx.insert(clientKey).values(toKeyColumns(change.key)));
    case "key.change":
      return changed(
        tx
          .update(clientKey)
          .set(toKeyColumns(change.set))
          .where(eq(clientKey.id, change.id))
          .returning({ id: clientKey.id }),
      );
    case "invite.add":
      return added(() => tx.insert(invite).values(toKeyColumns(change.invite)));
    case "invite.close":
      return changed(
        tx
          .update(invite)
          .set(change.set)
          .where(
            and(eq(invite.id, change.id), isNull(invite.redeemedAtMs), isNull(invite.revokedAtMs)),
          )
          .returning({ id: invite.id }),
      );
    case "cap.put":
      if (change.expectedVersion === 0) {
        return added(() => tx.insert(cap).values(change.cap));
      }
      return changed(
        tx
          .update(cap)
          .set(change.cap)
          .where(and(eq(cap.id, change.cap.id), eq(cap.version, change.expectedVersion)))
          .returning({ id: cap.id }),
      );
    case "cap.usage":
      for (const usage of change.usage) await tx.insert(capUsage).values(usage);
      return;
    case "cap.remove":
      await tx.delete(capUsage).where(eq(capUsage.capId, change.id));
      await tx.delete(capReservation).where(eq(capReservation.capId, change.id));
      return changed(tx.delete(cap).where(eq(cap.id, change.id)).returning({ id: cap.id }));
    case "limit.put":
      if (change.expectedVersion === 0) {
        return added(() => tx.insert(rateLimit).values(change.limit));
      }
      return changed(
        tx
          .update(rateLimit)
          .set(change.limit)
          .where(
            and(eq(rateLimit.id, change.limit.id), eq(rateLimit.version, change.expectedVersion)),
          )
          .returning({ id: rateLimit.id }),
      );
    case "limit.remove":
      return changed(
        tx.delete(rateLimit).where(eq(rateLimit.id, change.id)).returning({ id: rateLimit.id }),
      );
    case "price.put":
      return putPrices(tx, change.overrides);
    case "price.remove":
      return changed(
        tx
          .delete(priceOverride)
          .where(
            and(eq(priceOverride.provider, change.provider), eq(priceOverride.model, change.model)),
          )
          .returning({ model: priceOverride.model }),
      );
    case "account.add":
      return added(() => tx.insert(adminAccount).values(change.account));
    case "account.change":
      return changed(
        tx
          .update(adminAccount)
          .set(change.set)
          .where(eq(adminAccount.name, change.name))
          .returning({ name: adminAccount.name }),
      );
    case "token.add":
      return added(() => tx.insert(adminToken).values(change.token));
    case "token.end":
      return changed(
        tx
          .update(adminToken)
          .set({ endedAtMs: change.atMs })
          .where(and(eq(adminToken.id, change.id), isNull(adminToken.endedAtMs)))
          .returning({ id: adminToken.id }),
      );
    case "token.end-all":
      await tx
        .update(adminToken)
        .set({ endedAtMs: change.atMs })
        .where(
          and(
            eq(adminToken.kind, "session"),
            change.name === null ? isNull(adminToken.name) : eq(adminToken.name, change.name),
            isNull(adminToken.endedAtMs),
          ),
        );
  }
}

async function changed(update: PromiseLike<readonly unknown[]>): Promise<void> {
  if ((await update).length === 0) throw new VersionConflict();
}

async function added(insert: () => PromiseLike<unknown>): Promise<void> {
  try {
    await insert();
  } catch (error) {
    throw isConstraint(error) ? new VersionConflict() : error;
  }
}

/** Entries are made one at a time: nobody changes it between the look and the write. */
async function changeSetting(tx: Orm, change: SettingChange, entry: AuditRecord): Promise<void> {
  const { name, value, expectedVersion } = change;
  const [row] = await tx
    .select({ version: setting.version })
    .from(setting)
    .where(eq(setting.name, name));
  const version = row?.version ?? 0;
  if (expectedVersion !== null && expectedVersion !== version) throw new VersionConflict();
  const values = { value, version: version + 1, changedAtMs: entry.timeMs, changedBy: entry.actor };
  await tx
    .insert(setting)
    .values({ name, ...values })
    .onConflictDoUpdate({ target: setting.name, set: values });
}
