/**
 * Keeps the ledger's sums by day (`rollup.sqlite`), in the order in which rows came. Runs beside the gateway, in the thread that reads;
 * killed at any moment, it goes on where it was: sums and place are one transaction.
 */
import { sql } from "drizzle-orm";
import {
  ROLLUP_DIMENSIONS,
  rollupState,
  spendDay,
  type RollupDimension,
} from "../schema/rollup.ts";
import { ledger } from "../schema/sqlite.ts";
import { closeDatabase, openDatabase, type Orm, type SqliteDatabase } from "./database.ts";
import { readEpoch } from "./epoch.ts";
import type { SqlValue } from "./driver.ts";
import { groupKey, SUMS, type SumsRow } from "./spend.ts";

/** Beside the ledger. */
export const ROLLUP_FILE = "rollup.sqlite";
export const DAY_MS = 86_400_000;
/** Rows summed up in one transaction: some 100 ms. */
const CHUNK_ROWS = 10_000;
const SUM_NAMES = Object.keys(SUMS) as (keyof SumsRow)[];
const UTC = { fromMs: 0, toMs: 0, where: {}, groupBy: [], timeZone: "UTC", limit: 1 };

export interface Rollup {
  readonly orm: Orm;
  /** One chunk. @returns whether more may be there */
  catchUp(): boolean;
  close(): void;
}

/** @param ledgerOrm a connection to the ledger that reads */
export function openRollup(path: string, ledgerOrm: Orm): Rollup {
  const database = openDatabase(path, { sync: "normal", schema: "rollup" });
  const add = database.client.prepare(addSql(database));

  function addChunk(after: string, until: string): void {
    for (const dimension of ROLLUP_DIMENSIONS) {
      for (const row of sumChunk(ledgerOrm, dimension, after, until)) {
        // Money's halves come as text, since a driver would round them.
        const values: SqlValue[] = SUM_NAMES.map((name) => BigInt(row[name]));
        add.run(dimension, row.day, row.value ?? "", ...values, row.lastMs);
      }
    }
  }

  return {
    orm: database.orm,
    catchUp() {
      const { orm, client } = database;
      const epoch = readEpoch(ledgerOrm);
      let isMore = false;
      client
        .transaction(() => {
          let state = readState(orm);
          if (state === null || state.epoch !== epoch) {
            orm.delete(spendDay).run();
            state = { rowId: "", epoch };
          }
          const until = chunkEnd(ledgerOrm, state.rowId);
          if (until === null && state.rowId !== "") return;
          if (until !== null) addChunk(state.rowId, until);
          isMore = until !== null;
          const rowId = until ?? state.rowId;
          orm
            .insert(rollupState)
            .values({ one: 1, rowId, epoch })
            .onConflictDoUpdate({ target: rollupState.one, set: { rowId, epoch } })
            .run();
        })
        .immediate();
      return isMore;
    },
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

/** The id of the chunk's last row; null: there is none. */
function chunkEnd(orm: Orm, after: string): string | null {
  const [row] = orm
    .select({ until: sql<string | null>`max(id)` })
    .from(
      sql`(select id from ${ledger} where id > ${after} order by id limit ${sql.raw(String(CHUNK_ROWS))})`,
    )
    .all();
  return row?.until ?? null;
}

interface ChunkRow extends SumsRow {
  readonly day: number;
  readonly value: string | null;
  readonly lastMs: number;
}

function sumChunk(orm: Orm, dimension: RollupDimension, after: string, until: string): ChunkRow[] {
  const value = dimension === "" ? sql`''` : groupKey(dimension, UTC);
  const rows = orm
    .select({
      day: sql<number>`${ledger.timeMs} / ${sql.raw(String(DAY_MS))}`.as("day"),
      value: sql<string | null>`${value}`.as("value"),
      ...SUMS,
      lastMs: sql<number>`max(${ledger.timeMs})`,
    })
    .from(ledger)
    .where(sql`${ledger.id} > ${after} and ${ledger.id} <= ${until}`)
    .groupBy(sql.raw("1"), sql.raw("2"))
    .all();
  return rows;
}

/** In the order of `SUM_NAMES`, between the key and `lastMs`. */
function addSql({ orm }: SqliteDatabase): string {
  const excluded = (column: string) => sql.raw(`excluded."${column}"`);
  const set = Object.fromEntries(
    SUM_NAMES.map((name) => [name, sql`${spendDay[name]} + ${excluded(spendDay[name].name)}`]),
  );
  const zeros = Object.fromEntries(SUM_NAMES.map((name) => [name, 0]));
  return orm
    .insert(spendDay)
    .values({
      dimension: "",
      day: 0,
      value: "",
      ...(zeros as Record<keyof SumsRow, number>),
      lastMs: 0,
    })
    .onConflictDoUpdate({
      target: [spendDay.dimension, spendDay.day, spendDay.value],
      set: { ...set, lastMs: sql`max(${spendDay.lastMs}, ${excluded("last_ms")})` },
    })
    .toSQL().sql;
}
