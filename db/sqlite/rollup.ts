/**
 * Keeps the ledger's sums by day (`rollup.sqlite`), in the order in which rows came. Runs beside the gateway, in the thread that reads;
 * killed at any moment, it goes on where it was: sums and place are one transaction.
 *
 * What a chunk of rows adds to a day is a part of that day, never changed. Eight parts of a day make one of the next level, so that few
 * are read and each sum is written a few times in its life.
 */
import { and, asc, eq, gte, lt, max, sql } from "drizzle-orm";
import { ROLLUP_DIMENSIONS, rollupState, spendCells } from "../schema/rollup.ts";
import { ledger } from "../schema/sqlite.ts";
import { decodeCells, encodeCells, SumTable, toColumns } from "./cells.ts";
import { closeDatabase, openDatabase, type Orm } from "./database.ts";
import { readEpoch } from "./epoch.ts";
import { groupKey, SUMS, type SumsRow } from "./spend.ts";
import { openWho, type WhoTable } from "./who.ts";

/** Beside the ledger. */
export const ROLLUP_FILE = "rollup.sqlite";
export const DAY_MS = 86_400_000;
/** Rows summed up in one transaction: some 200 ms. */
const CHUNK_ROWS = 20_000;
const MAX_PARTS = 8;
const UTC = { fromMs: 0, toMs: 0, where: {}, groupBy: [], timeZone: "UTC", limit: 1 };

export interface Rollup {
  readonly who: WhoTable;
  /** One chunk. @returns whether more may be there */
  catchUp(): boolean;
  /** All that is read in it is of one moment. */
  read(work: (orm: Orm) => void): void;
  close(): void;
}

/**
 * @param ledgerOrm a connection to the ledger that reads
 * @param chunkRows how many rows are summed up in one transaction
 */
export function openRollup(path: string, ledgerOrm: Orm, chunkRows = CHUNK_ROWS): Rollup {
  const database = openDatabase(path, { sync: "normal", schema: "rollup" });
  const { client, orm } = database;
  const who = openWho(database);

  function addChunk(after: string, until: string): void {
    const days = new Map<number, SumRow[]>();
    for (const row of sumChunk(ledgerOrm, after, until)) {
      const rows = days.get(row.day);
      if (rows === undefined) days.set(row.day, [row]);
      else rows.push(row);
    }
    for (const [day, rows] of days) {
      const table = new SumTable();
      const ids = new Uint32Array(rows.length);
      rows.forEach((row, place) => {
        ids[place] = who.idOf(row.who, day);
        table.addRow(place, toColumns(row.sums, row.lastMs));
      });
      putPart(orm, day, 0, encodeCells(table.toCells(ids)), lastOf(rows));
      putTogether(orm, day);
    }
  }

  function step(): boolean {
    const epoch = readEpoch(ledgerOrm);
    let state = readState(orm);
    if (state === null || state.epoch !== epoch) {
      orm.delete(spendCells).run();
      who.clear();
      state = { rowId: "", epoch };
    }
    const until = chunkEnd(ledgerOrm, state.rowId, chunkRows);
    if (until !== null) addChunk(state.rowId, until);
    else expire(orm, who, ledgerOrm);
    const rowId = until ?? state.rowId;
    orm
      .insert(rollupState)
      .values({ one: 1, rowId, epoch })
      .onConflictDoUpdate({ target: rollupState.one, set: { rowId, epoch } })
      .run();
    return until !== null;
  }

  return {
    who,
    catchUp() {
      let isMore = false;
      const work = client.transaction(() => {
        isMore = step();
      });
      try {
        work.immediate();
      } catch (error) {
        who.rolledBack();
        throw error;
      }
      return isMore;
    },
    read: (work) => client.transaction(() => work(orm)).deferred(),
    close: () => closeDatabase(database),
  };
}

export interface RollupState {
  readonly rowId: string;
  readonly epoch: number;
}

/** Null: nothing was summed up yet. */
export function readState(orm: Orm): RollupState | null {
  const [row] = orm
    .select({ rowId: rollupState.rowId, epoch: rollupState.epoch })
    .from(rollupState)
    .all();
  return row ?? null;
}

/** When the oldest row was accepted, about; 0: there is none. */
export function oldestMs(orm: Orm): number {
  const [row] = orm
    .select({ timeMs: ledger.timeMs })
    .from(ledger)
    .orderBy(asc(ledger.traceId))
    .limit(1)
    .all();
  return row?.timeMs ?? 0;
}

/** The id of the chunk's last row; null: there is none. */
function chunkEnd(orm: Orm, after: string, rows: number): string | null {
  const [row] = orm
    .select({ until: sql<string | null>`max(id)` })
    .from(
      sql`(select id from ${ledger} where id > ${after} order by id limit ${sql.raw(String(rows))})`,
    )
    .all();
  return row?.until ?? null;
}

interface SumRow {
  readonly day: number;
  /** In the order of `ROLLUP_DIMENSIONS`; empty: none. */
  readonly who: readonly string[];
  readonly sums: SumsRow;
  readonly lastMs: number;
}

function sumChunk(orm: Orm, after: string, until: string): SumRow[] {
  const keys = ROLLUP_DIMENSIONS.map((name) => sql<string>`coalesce(${groupKey(name, UTC)}, '')`);
  const named = Object.fromEntries(keys.map((key, at) => [`key${at}`, key.as(`key${at}`)]));
  return orm
    .select({
      day: sql<number>`${ledger.timeMs} / ${sql.raw(String(DAY_MS))}`.as("day"),
      ...named,
      ...SUMS,
      lastMs: sql<number>`max(${ledger.timeMs})`,
    })
    .from(ledger)
    .where(sql`${ledger.id} > ${after} and ${ledger.id} <= ${until}`)
    .groupBy(...["day", ...keys].map((_, at) => sql.raw(String(at + 1))))
    .all()
    .map((row) => {
      // The columns are those selected above: the keys, then the sums.
      const { day, lastMs, ...rest } = row as unknown as SumsRow & {
        day: number;
        lastMs: number;
      } & Record<string, string>;
      const who = keys.map((_, at) => rest[`key${at}`] ?? "");
      return { day, who, sums: rest, lastMs };
    });
}

function lastOf(rows: readonly SumRow[]): number {
  return rows.reduce((last, { lastMs }) => Math.max(last, lastMs), 0);
}

function putPart(orm: Orm, day: number, level: number, cells: Uint8Array, lastMs: number): void {
  const [row] = orm
    .select({ last: max(spendCells.part) })
    .from(spendCells)
    .where(and(eq(spendCells.day, day), eq(spendCells.level, level)))
    .all();
  const part = (row?.last ?? -1) + 1;
  // The driver's own type for bytes is a view of them.
  orm
    .insert(spendCells)
    .values({ day, level, part, lastMs, cells: cells as Buffer })
    .run();
}

/** As long as there are so many parts of a level, they become one of the next. */
function putTogether(orm: Orm, day: number): void {
  for (let level = 0; ; level++) {
    const isOfLevel = and(eq(spendCells.day, day), eq(spendCells.level, level));
    const parts = orm
      .select({ lastMs: spendCells.lastMs, cells: spendCells.cells })
      .from(spendCells)
      .where(isOfLevel)
      .all();
    if (parts.length < MAX_PARTS) return;
    const joined = joinParts(parts.map(({ cells }) => cells));
    const lastMs = parts.reduce((last, part) => Math.max(last, part.lastMs), 0);
    orm.delete(spendCells).where(isOfLevel).run();
    putPart(orm, day, level + 1, joined, lastMs);
  }
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const table = new SumTable();
  const placeOf = new Map<number, number>();
  for (const part of parts) {
    const cells = decodeCells(part);
    const places = Int32Array.from(cells.who, (who) => {
      const known = placeOf.get(who);
      if (known !== undefined) return known;
      placeOf.set(who, placeOf.size);
      return placeOf.size - 1;
    });
    table.addCells(places, cells);
  }
  return encodeCells(table.toCells(Uint32Array.from(placeOf.keys())));
}

/** What the ledger has no row of any more. Days of which some rows are left stay: they are not asked for. */
function expire(orm: Orm, who: WhoTable, ledgerOrm: Orm): void {
  const oldest = Math.floor(oldestMs(ledgerOrm) / DAY_MS);
  const [row] = orm
    .select({ day: sql<number | null>`min(${spendCells.day})` })
    .from(spendCells)
    .all();
  if (row === undefined || row.day === null || row.day >= oldest) return;
  orm.delete(spendCells).where(lt(spendCells.day, oldest)).run();
  who.expire(oldest);
}

/** The days from `from` to before `to` that have sums. */
export function readDays(orm: Orm, from: number, to: number): readonly number[] {
  return orm
    .selectDistinct({ day: spendCells.day })
    .from(spendCells)
    .where(and(gte(spendCells.day, from), lt(spendCells.day, to)))
    .all()
    .map(({ day }) => day);
}

/** The parts of one day, as bytes. Those of a month would fill a hundred megabytes. */
export function readParts(orm: Orm, day: number): readonly Uint8Array[] {
  return orm
    .select({ cells: spendCells.cells })
    .from(spendCells)
    .where(eq(spendCells.day, day))
    .all()
    .map(({ cells }) => cells);
}

/** When the newest request of a day was accepted; 0: there is none. */
export function lastOfDay(orm: Orm, day: number): number {
  const [row] = orm
    .select({ last: max(spendCells.lastMs) })
    .from(spendCells)
    .where(eq(spendCells.day, day))
    .all();
  return row?.last ?? 0;
}
