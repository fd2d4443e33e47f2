/**
 * The sums of a slot in `rollup.sqlite`, part by part. What a chunk of rows adds to a slot is a part of it, never changed. Eight parts make
 * one of the next level, so that few are read and each sum is written a few times in its life; all parts of a slot that is over become one.
 */
import { and, count, eq, gt, gte, lt, max, min, sql, type SQL } from "drizzle-orm";
import { spendCells } from "../schema/rollup.ts";
import { decodeCells, encodeCells, SumTable } from "./cells.ts";
import type { Orm } from "./database.ts";
import type { Slot, Slots } from "./slots.ts";

const MAX_PARTS = 8;

/** What is known of the rows behind sums. */
export interface Rows {
  /** When the newest of them was accepted. */
  readonly lastMs: number;
  /** Between these two they lie in the ledger. */
  readonly firstTraceId: string;
  readonly lastTraceId: string;
}

interface Part extends Rows {
  readonly cells: Uint8Array;
}

/** Sums of one slot that are being put together. */
export class SlotSums {
  readonly #table = new SumTable();
  readonly #places = new Map<number, number>();
  #rows: Rows | null = null;

  /** @param values as `toColumns` has them */
  add(who: number, values: readonly number[], rows: Rows): void {
    this.#table.addRow(this.#placeOf(who), values);
    this.#widen(rows);
  }

  addPart(part: Part): void {
    const cells = decodeCells(part.cells);
    this.#table.addCells(
      Int32Array.from(cells.who, (who) => this.#placeOf(who)),
      cells,
    );
    this.#widen(part);
  }

  /** Null: nothing was added. */
  toPart(): Part | null {
    if (this.#rows === null) return null;
    const who = Uint32Array.from(this.#places.keys());
    return { ...this.#rows, cells: encodeCells(this.#table.toCells(who)) };
  }

  #placeOf(who: number): number {
    const known = this.#places.get(who);
    if (known !== undefined) return known;
    this.#places.set(who, this.#places.size);
    return this.#places.size - 1;
  }

  #widen({ lastMs, firstTraceId, lastTraceId }: Rows): void {
    const rows = this.#rows;
    this.#rows = {
      lastMs: Math.max(rows?.lastMs ?? 0, lastMs),
      firstTraceId:
        rows === null || firstTraceId < rows.firstTraceId ? firstTraceId : rows.firstTraceId,
      lastTraceId: rows === null || lastTraceId > rows.lastTraceId ? lastTraceId : rows.lastTraceId,
    };
  }
}

const isOf = ({ unit, slot }: Slot): SQL | undefined =>
  and(eq(spendCells.unit, unit), eq(spendCells.slot, slot));
const isAmong = ({ unit, from, to }: Slots): SQL | undefined =>
  and(eq(spendCells.unit, unit), gte(spendCells.slot, from), lt(spendCells.slot, to));

/** As long as there are so many parts of a level, they become one of the next. */
export function addToSlot(orm: Orm, slot: Slot, sums: SlotSums): void {
  putPart(orm, slot, 0, sums);
  for (let level = 0; ; level++) {
    const isOfLevel = and(isOf(slot), eq(spendCells.level, level));
    const [found] = orm.select({ parts: count() }).from(spendCells).where(isOfLevel).all();
    if ((found?.parts ?? 0) < MAX_PARTS) return;
    putTogether(orm, slot, { isOne: isOfLevel, level: level + 1 });
  }
}

/** One slot before this one, of several parts, gets a single one. @returns whether there was one */
export function joinBefore(orm: Orm, { unit, slot }: Slot): boolean {
  const [found] = orm
    .select({ slot: spendCells.slot, level: sql<number>`max(${spendCells.level})` })
    .from(spendCells)
    .where(and(eq(spendCells.unit, unit), lt(spendCells.slot, slot)))
    .groupBy(spendCells.slot)
    .having(gt(count(), 1))
    .limit(1)
    .all();
  if (found === undefined) return false;
  const one = { unit, slot: found.slot };
  putTogether(orm, one, { isOne: isOf(one), level: found.level + 1 });
  return true;
}

function putTogether(
  orm: Orm,
  slot: Slot,
  { isOne, level }: { readonly isOne: SQL | undefined; readonly level: number },
): void {
  const parts = orm
    .select({
      lastMs: spendCells.lastMs,
      firstTraceId: spendCells.firstTraceId,
      lastTraceId: spendCells.lastTraceId,
      cells: spendCells.cells,
    })
    .from(spendCells)
    .where(isOne)
    .all();
  const joined = new SlotSums();
  for (const part of parts) joined.addPart(part);
  orm.delete(spendCells).where(isOne).run();
  putPart(orm, slot, level, joined);
}

function putPart(orm: Orm, slot: Slot, level: number, sums: SlotSums): void {
  const part = sums.toPart();
  if (part === null) return;
  const [row] = orm
    .select({ last: max(spendCells.part) })
    .from(spendCells)
    .where(and(isOf(slot), eq(spendCells.level, level)))
    .all();
  // The driver's own type for bytes is a view of them.
  orm
    .insert(spendCells)
    .values({ ...slot, level, part: (row?.last ?? -1) + 1, ...part, cells: part.cells as Buffer })
    .run();
}

/** @returns whether there were any */
export function deleteBefore(orm: Orm, { unit, slot }: Slot): boolean {
  const isBefore = and(eq(spendCells.unit, unit), lt(spendCells.slot, slot));
  const found = orm
    .select({ slot: spendCells.slot })
    .from(spendCells)
    .where(isBefore)
    .limit(1)
    .all();
  if (found.length === 0) return false;
  orm.delete(spendCells).where(isBefore).run();
  return true;
}

export function deleteAll(orm: Orm): void {
  orm.delete(spendCells).run();
}

/** Those that have sums. */
export function readSlots(orm: Orm, slots: Slots): readonly Slot[] {
  return orm
    .selectDistinct({ unit: spendCells.unit, slot: spendCells.slot })
    .from(spendCells)
    .where(isAmong(slots))
    .all();
}

/** The parts of one slot, as bytes. Those of a month would fill a hundred megabytes. */
export function readParts(orm: Orm, slot: Slot): readonly Uint8Array[] {
  return orm
    .select({ cells: spendCells.cells })
    .from(spendCells)
    .where(isOf(slot))
    .all()
    .map(({ cells }) => cells);
}

/** Null: there are none. */
export function readRows(orm: Orm, slots: Slots): Rows | null {
  const [row] = orm
    .select({
      lastMs: max(spendCells.lastMs),
      firstTraceId: min(spendCells.firstTraceId),
      lastTraceId: max(spendCells.lastTraceId),
    })
    .from(spendCells)
    .where(isAmong(slots))
    .all();
  if (row === undefined) return null;
  const { lastMs, firstTraceId, lastTraceId } = row;
  if (lastMs === null || firstTraceId === null || lastTraceId === null) return null;
  return { lastMs, firstTraceId, lastTraceId };
}
