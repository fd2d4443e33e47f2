/** The shipper's place in the ledger, and what goes with the rows behind it, on SQLite. */
import { and, asc, count, eq, inArray, lte, max } from "drizzle-orm";
import { randomBytes } from "node:crypto";
import {
  gateway,
  refusedRow,
  shipped,
  waitingCharge,
  waitingResponse,
} from "../schema/shipping.ts";
import { ledger } from "../schema/sqlite.ts";
import type { CapCharge, LedgerRow } from "../store.ts";
import { closeDatabase, openDatabase, type SqliteDatabase } from "./database.ts";
import { exactMoney, storable } from "./money.ts";

/** What goes to Postgres with a row. */
export interface Extras {
  readonly responseId: string | null;
  readonly charges: readonly CapCharge[];
}

/** A row by which its extras are found. */
export type RowKey = Pick<LedgerRow, "traceId" | "attempt">;

export interface Shipping {
  /** 32 hex digits, made with the file. */
  readonly gatewayId: string;
  /** The last row that is there; empty: none is. */
  readonly place: string;
  readonly refusedRows: number;
  /** Durable when it returns. Replaces what was held for the same row. */
  hold(extras: readonly (Extras & { readonly row: RowKey })[]): void;
  /** In the order of the rows. */
  extrasOf(rows: readonly RowKey[]): readonly Extras[];
  /** These rows are there, or refused: goes on behind the last of them, and forgets what was held. */
  advance(rows: readonly LedgerRow[], refused: readonly LedgerRow[], nowMs: number): void;
  close(): void;
}

/** @throws Error if the file can't be read or written */
export function openShipping(path: string, sync: "normal" | "full"): Shipping {
  const database = openDatabase(path, { sync, schema: "shipping" });
  const { client, orm } = database;
  orm
    .insert(gateway)
    .values({ one: 1, id: randomBytes(16).toString("hex") })
    .onConflictDoNothing()
    .run();
  const gatewayId = orm.select({ id: gateway.id }).from(gateway).all()[0]?.id ?? "";
  let place = orm.select({ rowId: shipped.rowId }).from(shipped).all()[0]?.rowId ?? "";
  let refusedRows = orm.select({ rows: count() }).from(refusedRow).all()[0]?.rows ?? 0;

  function forget({ traceId, attempt }: RowKey): void {
    orm
      .delete(waitingResponse)
      .where(and(eq(waitingResponse.traceId, traceId), eq(waitingResponse.attempt, attempt)))
      .run();
    orm
      .delete(waitingCharge)
      .where(and(eq(waitingCharge.traceId, traceId), eq(waitingCharge.attempt, attempt)))
      .run();
  }

  return {
    gatewayId,
    get place() {
      return place;
    },
    get refusedRows() {
      return refusedRows;
    },
    hold(extras) {
      client
        .transaction(() => {
          for (const { row, responseId, charges } of extras) {
            const { traceId, attempt } = row;
            forget(row);
            if (responseId !== null) {
              orm.insert(waitingResponse).values({ traceId, attempt, responseId }).run();
            }
            for (const charge of charges) {
              storable(charge.amount);
              orm
                .insert(waitingCharge)
                .values({ traceId, attempt, ...charge })
                .run();
            }
          }
        })
        .immediate();
    },
    extrasOf(rows) {
      const traces = [...new Set(rows.map(({ traceId }) => traceId))];
      const responses = orm
        .select()
        .from(waitingResponse)
        .where(inArray(waitingResponse.traceId, traces))
        .all();
      const charges = orm
        .select({
          traceId: waitingCharge.traceId,
          attempt: waitingCharge.attempt,
          capId: waitingCharge.capId,
          subject: waitingCharge.subject,
          windowStartMs: waitingCharge.windowStartMs,
          amount: exactMoney(waitingCharge.amount),
        })
        .from(waitingCharge)
        .where(inArray(waitingCharge.traceId, traces))
        .all();
      const found = new Map<string, { responseId: string | null; charges: CapCharge[] }>();
      const extrasAt = ({ traceId, attempt }: RowKey) => {
        const key = `${traceId} ${attempt}`;
        const there = found.get(key) ?? { responseId: null, charges: [] };
        found.set(key, there);
        return there;
      };
      for (const each of responses) extrasAt(each).responseId = each.responseId;
      for (const { traceId, attempt, ...charge } of charges) {
        extrasAt({ traceId, attempt }).charges.push(charge);
      }
      return rows.map(extrasAt);
    },
    advance(rows, refused, nowMs) {
      const rowId = rows.at(-1)?.id;
      if (rowId === undefined) return;
      const traces = [...new Set(rows.map(({ traceId }) => traceId))];
      client
        .transaction(() => {
          orm
            .insert(shipped)
            .values({ one: 1, rowId })
            .onConflictDoUpdate({ target: shipped.one, set: { rowId } })
            .run();
          for (const { id, traceId } of refused) {
            orm
              .insert(refusedRow)
              .values({ rowId: id, traceId, timeMs: nowMs })
              .onConflictDoNothing()
              .run();
          }
          const held = orm
            .select({ traceId: waitingCharge.traceId, attempt: waitingCharge.attempt })
            .from(waitingCharge)
            .where(inArray(waitingCharge.traceId, traces))
            .union(
              orm
                .select({ traceId: waitingResponse.traceId, attempt: waitingResponse.attempt })
                .from(waitingResponse)
                .where(inArray(waitingResponse.traceId, traces)),
            )
            .all();
          const isThere = new Set(rows.map(({ traceId, attempt }) => `${traceId} ${attempt}`));
          for (const each of held) {
            if (isThere.has(`${each.traceId} ${each.attempt}`)) forget(each);
          }
        })
        .immediate();
      place = rowId;
      refusedRows += refused.length;
    },
    close: () => closeDatabase(database),
  };
}

export interface LocalRows {
  /** Behind a place. */
  countAfter(place: string): number;
  newestId(): string | null;
  /** Whether an attempt has its row. */
  has(row: RowKey): boolean;
  /** Deletes rows up to a place that are older than a time, the oldest first; resolves to how many. */
  prune(place: string, beforeMs: number, limit: number): number;
}

/** The gateway's own ledger, of which the rows up to a place are elsewhere, too. */
export function createLocalRows({ client, orm }: SqliteDatabase): LocalRows {
  const behind = client.prepare(`SELECT count(*) FROM "ledger" WHERE "id" > ?`);
  const one = client.prepare(`SELECT 1 FROM "ledger" WHERE "trace_id" = ? AND "attempt" = ?`);
  return {
    has: ({ traceId, attempt }) => one.values(traceId, attempt).length > 0,
    countAfter: (place) => Number(behind.values(place)[0]?.[0] ?? 0),
    newestId: () =>
      orm
        .select({ id: max(ledger.id) })
        .from(ledger)
        .all()[0]?.id ?? null,
    prune(place, beforeMs, limit) {
      const oldest = orm
        .select({ id: ledger.id })
        .from(ledger)
        .where(and(lte(ledger.id, place), lte(ledger.id, rowIdAt(beforeMs))))
        .orderBy(asc(ledger.id))
        .limit(limit);
      return orm.delete(ledger).where(inArray(ledger.id, oldest)).returning({ id: ledger.id }).all()
        .length;
    },
  };
}

/** The lowest row id of a moment. */
function rowIdAt(ms: number): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}
