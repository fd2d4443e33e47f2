/**
 * The ledger's months: a partition each, by the time in the trace ids. Made before the first row of a month comes; dropped whole when all
 * of it is too old.
 */
import { sql } from "drizzle-orm";
import { ledger } from "../schema/pg.ts";
import { SLACK_MS, traceIdAt, traceIdMs } from "../trace-time.ts";
import type { Orm, PgDatabase } from "./database.ts";
import { RefusedRow } from "./fault.ts";
import { LOCKS } from "./migrate.ts";

interface Month {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** @throws RefusedRow for what is no trace id */
function monthOf(traceId: string): Month {
  const ms = traceIdMs(traceId);
  if (Number.isNaN(ms)) throw new RefusedRow("a trace id without a time");
  const at = new Date(ms);
  return monthAt(at.getUTCFullYear(), at.getUTCMonth());
}

function monthAt(year: number, month: number): Month {
  const name = `ledger_${String(year).padStart(4, "0")}_${String(month + 1).padStart(2, "0")}`;
  return { name, startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}

export interface Partitions {
  /** Before rows with these trace ids are inserted. */
  ensure(traceIds: readonly string[]): Promise<void>;
}

export function createPartitions({ transaction }: PgDatabase): Partitions {
  const known = new Set<string>();
  return {
    async ensure(traceIds) {
      const missing = new Map(
        traceIds
          .map(monthOf)
          .filter(({ name }) => !known.has(name))
          .map((month) => [month.name, month]),
      );
      for (const month of missing.values()) {
        await transaction((tx) => makePartition(tx, month));
        known.add(month.name);
      }
    },
  };
}

async function makePartition(tx: Orm, { name, startMs, endMs }: Month): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.partition})`);
  const range = `FROM ('${traceIdAt(startMs)}') TO ('${traceIdAt(endMs)}')`;
  await tx.execute(
    sql.raw(`CREATE TABLE IF NOT EXISTS "${name}" PARTITION OF "ledger" FOR VALUES ${range}`),
  );
  // A unique index over all months would have to hold the trace id: the ids of two gateways differ by 60 random bits.
  await tx.execute(
    sql.raw(`CREATE UNIQUE INDEX IF NOT EXISTS "${name}_id_unique" ON "${name}" ("id")`),
  );
}

/** Drops one month that lies wholly before a time. @returns how many rows it had; 0: there is none */
export async function dropMonth(tx: Orm, beforeMs: number): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.partition})`);
  const months = await tx.execute<{ name: string }>(
    sql`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = ${"ledger"}::regclass order by length(c.relname), c.relname limit 1`,
  );
  // Rows of the driver, whatever its result is called.
  const [oldest] = months as unknown as readonly { readonly name: string }[];
  const [, year, month] = /^ledger_(\d{4,5})_(\d\d)$/.exec(oldest?.name ?? "") ?? [];
  if (year === undefined || month === undefined) return 0;
  const { name, endMs } = monthAt(Number(year), Number(month) - 1);
  if (endMs + SLACK_MS > beforeMs) return 0;
  const [found] = await tx
    .select({ rows: sql`count(*)`.mapWith(Number) })
    .from(ledger)
    .where(sql`${ledger.traceId} < ${traceIdAt(endMs)}`);
  await tx.execute(sql.raw(`DROP TABLE "${name}"`));
  return found?.rows ?? 0;
}
