/**
 * Reservations under caps that several gateways share. Whoever reserves locks the rows of `cap_usage` that it needs, in one order; what is
 * reserved is the sum over `cap_reservation`, of which a row counts until it expires: there is no second figure that could go astray.
 */
import { eq, inArray, sql } from "drizzle-orm";
import { capNotice, capReservation } from "../schema/pg-shared.ts";
import type { CapHold, CapReservations, CapState, CapVerdict } from "../store.ts";
import type { PgDatabase } from "./database.ts";

/** How long a reservation counts after the last sign of life of its gateway; also how long the database may be away for it. */
const LIVE_MS = 15 * 60_000;
const RENEW_MS = 60_000;
/** A request waits for the answer. */
const RESERVE_LIMIT_MS = 2_000;
const MAX_RENEWED = 5_000;

/** Of one transaction. */
const MAX_BATCH = 100;

interface Waiting {
  readonly traceId: string;
  readonly holds: readonly CapHold[];
  resolve(verdicts: readonly CapVerdict[]): void;
  reject(error: unknown): void;
}

export interface ReservationStore extends CapReservations {
  close(): void;
}

/** @param owner 32 hex digits: this gateway @param liveMs for tests of expiry */
export function createReservations(
  database: PgDatabase,
  owner: string,
  liveMs = LIVE_MS,
): ReservationStore {
  const { run } = database;
  /** Requests under way. */
  const live = new Set<string>();
  const nowMs = sql`floor(extract(epoch from clock_timestamp()) * 1000)`;

  async function renew(): Promise<void> {
    const traceIds = [...live];
    for (let at = 0; at < traceIds.length; at += MAX_RENEWED) {
      await run((orm) =>
        orm
          .update(capReservation)
          .set({ expiresAtMs: sql`${nowMs} + ${liveMs}::bigint` })
          .where(inArray(capReservation.traceId, traceIds.slice(at, at + MAX_RENEWED))),
      );
    }
  }

  const renewing = setInterval(
    () => void renew().catch(() => undefined),
    Math.min(RENEW_MS, liveMs / 3),
  );
  // Housekeeping must not keep the process alive.
  if (typeof renewing === "object") renewing.unref();

  async function free(traceId: string): Promise<void> {
    await run((orm) =>
      orm.delete(capReservation).where(inArray(capReservation.traceId, [traceId])),
    );
  }

  let waiting: Waiting[] = [];
  let isAsking = false;

  /** Requests that come while others are being asked for share the next transaction: a cap of all is locked once for all of them. */
  async function ask(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      try {
        const verdicts = await reserveMany(batch);
        for (const { traceId, resolve } of batch) resolve(verdicts.get(traceId) ?? []);
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    isAsking = false;
  }

  async function reserveMany(
    batch: readonly Waiting[],
  ): Promise<ReadonlyMap<string, readonly CapVerdict[]>> {
    const requests = JSON.stringify(
      batch.map(({ traceId, holds }) => ({
        traceId,
        holds: holds.map((hold) => ({ ...hold, amount: String(hold.amount) })),
      })),
    );
    const rows = await run(
      (orm) =>
        orm.execute(
          sql`select * from reserve_caps_of_many(${owner}, ${liveMs}::bigint, ${requests}::text::json)`,
        ),
      RESERVE_LIMIT_MS,
    );
    return Map.groupBy(
      (rows as unknown as readonly VerdictRow[]).map((row) => ({
        ...toState(row),
        traceId: row.trace_id,
        isRefused: row.is_refused,
      })),
      ({ traceId }) => traceId,
    );
  }

  return {
    async reserve(traceId, holds) {
      live.add(traceId);
      try {
        const verdicts = await new Promise<readonly CapVerdict[]>((resolve, reject) => {
          waiting.push({ traceId, holds, resolve, reject });
          void ask();
        });
        if (verdicts.some(({ isRefused }) => isRefused)) live.delete(traceId);
        return verdicts;
      } catch (error) {
        // It may have arrived all the same.
        live.delete(traceId);
        void free(traceId).catch(() => undefined);
        throw error;
      }
    },
    release(traceId) {
      if (!live.delete(traceId)) return;
      void free(traceId).catch(() => undefined);
    },
    settled(traceId) {
      live.delete(traceId);
    },
    async usage(fromMs) {
      const rows = await run((orm) =>
        orm.execute(sql`
          select "usage"."cap_id", "usage"."subject", "usage"."window_start_ms", "usage"."used",
            coalesce(sum("held"."amount"), 0) as "reserved"
          from "cap_usage" as "usage" left join "cap_reservation" as "held"
            on "held"."cap_id" = "usage"."cap_id" and "held"."subject" = "usage"."subject"
              and "held"."window_start_ms" = "usage"."window_start_ms" and "held"."expires_at_ms" > ${nowMs}
          where "usage"."window_start_ms" >= ${fromMs}::bigint
          group by 1, 2, 3, 4`),
      );
      return (rows as unknown as readonly StateRow[]).map(toState);
    },
    async forgetEarlier() {
      await run((orm) => orm.delete(capReservation).where(eq(capReservation.owner, owner)));
    },
    async claimNotice(kind, { capId, subject, windowStartMs }) {
      const claimed = await run((orm) =>
        orm
          .insert(capNotice)
          .values({ capId, subject, windowStartMs, kind })
          .onConflictDoNothing()
          .returning({ kind: capNotice.kind }),
      );
      return claimed.length > 0;
    },
    close: () => clearInterval(renewing),
  };
}

/** As a statement gives it: the driver hands large numbers over as text. */
interface StateRow {
  readonly cap_id: string;
  readonly subject: string;
  readonly window_start_ms: string;
  readonly used: string;
  readonly reserved: string;
}

interface VerdictRow extends StateRow {
  readonly trace_id: string;
  readonly is_refused: boolean;
}

function toState(row: StateRow): CapState {
  return {
    capId: row.cap_id,
    subject: row.subject,
    windowStartMs: Number(row.window_start_ms),
    used: BigInt(row.used),
    reserved: BigInt(row.reserved),
  };
}
