/**
 * Keeps the ledger's sums by day, and by hour for the newest days (`rollup.sqlite`), in the order in which rows came. Runs beside the
 * gateway, in the thread that reads; killed at any moment, it goes on where it was: sums and place are one transaction.
 */
import { asc, desc, sql, type SQL } from "drizzle-orm";
import { ROLLUP_DIMENSIONS, ROLLUP_UNITS, rollupState } from "../schema/rollup.ts";
import { ledger } from "../schema/sqlite.ts";
import { toColumns } from "./cells.ts";
import { closeDatabase, openDatabase, type Orm } from "./database.ts";
import { readEpoch } from "./epoch.ts";
import { addToSlot, deleteAll, deleteBefore, joinBefore, SlotSums, type Rows } from "./parts.ts";
import { DAY_MS, HOUR_MS, HOURS_A_DAY, UNIT_MS } from "./slots.ts";
import { groupKey, SUMS, type SumsRow } from "./spend.ts";
import { openWho, type WhoTable } from "./who.ts";
import { SLACK_MS, traceIdAt, traceIdMs } from "../trace-time.ts";

/** Beside the ledger. */
export const ROLLUP_FILE = "rollup.sqlite";
/** Of so many days, up to the newest with a row, the hours have sums of their own: the console's week, and the day before one. */
const HOURLY_DAYS = 8;
/** Rows summed up in one transaction: some 200 ms. */
const CHUNK_ROWS = 20_000;
/** A trace id is minted so long before its row's time, at most. */
const MOMENT_MS = 60_000;
const UTC = { fromMs: 0, toMs: 0, where: {}, groupBy: [], timeZone: "UTC", limit: 1 };

export interface Rollup {
  readonly who: WhoTable;
  /** One chunk, or what there is to tidy up. @returns whether more may be there */
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

  function addChunk(after: string, until: string, hoursSince: number): void {
    const sums = { day: new Map<number, SlotSums>(), hour: new Map<number, SlotSums>() };
    const add = (slots: Map<number, SlotSums>, slot: number, id: number, row: SumRow) => {
      const found = slots.get(slot) ?? new SlotSums();
      slots.set(slot, found);
      found.add(id, row.values, row);
    };
    for (const row of sumChunk(ledgerOrm, after, until, hoursSince)) {
      const day = Math.floor(row.hour / HOURS_A_DAY);
      const id = who.idOf(row.who, day);
      add(sums.day, day, id, row);
      if (row.hour >= hoursSince) add(sums.hour, row.hour, id, row);
    }
    for (const unit of ROLLUP_UNITS) {
      for (const [slot, found] of sums[unit]) addToSlot(orm, { unit, slot }, found);
    }
  }

  function step(): boolean {
    const epoch = readEpoch(ledgerOrm);
    let state = readState(orm);
    if (state === null || state.epoch !== epoch) {
      deleteAll(orm);
      who.clear();
      state = { rowId: "", epoch, hoursSince: 0 };
    }
    const hoursSince = Math.max(state.hoursSince, firstHour(ledgerOrm));
    const until = chunkEnd(ledgerOrm, state.rowId, chunkRows);
    let isMore = until !== null;
    if (until !== null) addChunk(state.rowId, until, hoursSince);
    else {
      expire(orm, who, ledgerOrm, hoursSince);
      isMore = joinOver(orm, ledgerOrm);
    }
    const rowId = until ?? state.rowId;
    orm
      .insert(rollupState)
      .values({ one: 1, rowId, epoch, hoursSince })
      .onConflictDoUpdate({ target: rollupState.one, set: { rowId, epoch, hoursSince } })
      .run();
    return isMore;
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
  readonly hoursSince: number;
}

/** Null: nothing was summed up yet. */
export function readState(orm: Orm): RollupState | null {
  const { rowId, epoch, hoursSince } = rollupState;
  const [row] = orm.select({ rowId, epoch, hoursSince }).from(rollupState).all();
  return row ?? null;
}

/** Of rows that were accepted since then none has been deleted, ms since 1970: they go in the order of their trace ids. */
export function wholeSinceMs(orm: Orm): number {
  const { timeMs, traceId } = firstRow(orm, asc(ledger.traceId));
  return Math.max(timeMs, traceIdMs(traceId)) + MOMENT_MS;
}

/** The first of those that are kept, up to the newest row. */
function firstHour(orm: Orm): number {
  const today = Math.floor(firstRow(orm, desc(ledger.traceId)).timeMs / DAY_MS);
  return (today - HOURLY_DAYS + 1) * HOURS_A_DAY;
}

function firstRow(orm: Orm, order: SQL): { readonly timeMs: number; readonly traceId: string } {
  const { timeMs, traceId } = ledger;
  const [row] = orm.select({ timeMs, traceId }).from(ledger).orderBy(order).limit(1).all();
  return row ?? { timeMs: 0, traceId: traceIdAt(0).padEnd(32, "0") };
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

interface SumRow extends Rows {
  /** Since 1970; of rows before the hours that are kept the first of their day. */
  readonly hour: number;
  /** In the order of `ROLLUP_DIMENSIONS`; empty: none. */
  readonly who: readonly string[];
  /** As `toColumns` has them. */
  readonly values: readonly number[];
}

function sumChunk(orm: Orm, after: string, until: string, hoursSince: number): SumRow[] {
  const keys = ROLLUP_DIMENSIONS.map((name) => sql<string>`coalesce(${groupKey(name, UTC)}, '')`);
  const named = Object.fromEntries(keys.map((key, at) => [`key${at}`, key.as(`key${at}`)]));
  const [hour, day, perDay, since] = [HOUR_MS, DAY_MS, HOURS_A_DAY, hoursSince * HOUR_MS].map(
    (number) => sql.raw(String(number)),
  );
  return orm
    .select({
      hour: sql<number>`case when ${ledger.timeMs} < ${since} then ${ledger.timeMs} / ${day} * ${perDay} else ${ledger.timeMs} / ${hour} end`.as(
        "hour",
      ),
      ...named,
      ...SUMS,
      lastMs: sql<number>`max(${ledger.timeMs})`,
      firstTraceId: sql<string>`min(${ledger.traceId})`,
      lastTraceId: sql<string>`max(${ledger.traceId})`,
    })
    .from(ledger)
    .where(sql`${ledger.id} > ${after} and ${ledger.id} <= ${until}`)
    .groupBy(...["hour", ...keys].map((_, at) => sql.raw(String(at + 1))))
    .all()
    .map((row) => {
      // The columns are those selected above: the keys, then the sums.
      const {
        hour: found,
        lastMs,
        firstTraceId,
        lastTraceId,
        ...rest
      } = row as unknown as SumsRow & Rows & { hour: number } & Record<string, string>;
      const who = keys.map((_, at) => rest[`key${at}`] ?? "");
      return {
        hour: found,
        who,
        values: toColumns(rest, lastMs),
        lastMs,
        firstTraceId,
        lastTraceId,
      };
    });
}

/** What the ledger has no row of any more, and hours that are too old. Days of which some rows are left stay: they are not asked for. */
function expire(orm: Orm, who: WhoTable, ledgerOrm: Orm, hoursSince: number): void {
  const { traceId } = firstRow(ledgerOrm, asc(ledger.traceId));
  const oldest = Math.floor((traceIdMs(traceId) - SLACK_MS) / DAY_MS);
  deleteBefore(orm, { unit: "hour", slot: Math.max(hoursSince, oldest * HOURS_A_DAY) });
  // Whoever has a sum of an hour has one of its day.
  if (deleteBefore(orm, { unit: "day", slot: oldest })) who.expire(oldest);
}

/** The slot before the newest row's may still get rows; those before that will hardly get any. @returns whether there was one to join */
function joinOver(orm: Orm, ledgerOrm: Orm): boolean {
  const { timeMs } = firstRow(ledgerOrm, desc(ledger.traceId));
  return ROLLUP_UNITS.some((unit) =>
    joinBefore(orm, { unit, slot: Math.floor(timeMs / UNIT_MS[unit]) - 1 }),
  );
}
