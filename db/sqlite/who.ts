/**
 * Who and what sums are of (`spend_who`): looked up for writing, and read column by column as numbers, so that a million sums are put
 * together without a text in sight.
 */
import { gt, lt, sql, type SQL } from "drizzle-orm";
import { ROLLUP_DIMENSIONS, spendWho, type RollupDimension } from "../schema/rollup.ts";
import type { SqliteDatabase } from "./database.ts";

/** What sums can be asked for by: `model` is what was served, or asked for where nothing was served. */
export type WhoColumn = RollupDimension | "model";

const KNOWN_LIMIT = 200_000;

/** The column's SQL; empty where there is none. */
const COLUMNS: Readonly<Record<WhoColumn, SQL>> = {
  user: sql`${spendWho.user}`,
  team: sql`${spendWho.team}`,
  key_id: sql`${spendWho.keyId}`,
  credential: sql`${spendWho.credential}`,
  provider: sql`${spendWho.provider}`,
  model: sql`coalesce(nullif(${spendWho.modelServed}, ''), ${spendWho.modelRequested})`,
  model_requested: sql`${spendWho.modelRequested}`,
  model_served: sql`${spendWho.modelServed}`,
  endpoint: sql`${spendWho.endpoint}`,
  dialect: sql`${spendWho.dialect}`,
  outcome: sql`${spendWho.outcome}`,
  usage_source: sql`${spendWho.usageSource}`,
};

export function isWhoColumn(name: string): name is WhoColumn {
  return Object.hasOwn(COLUMNS, name);
}

/** One column of all who there are: a number for each value. */
export interface Coded {
  /** By who, from 1 on; 0: not known. */
  readonly codes: Uint32Array;
  /** By code; null: none. */
  readonly values: readonly (string | null)[];
  /** Of a value; 0: nobody has it. */
  codeOf(value: string | null): number;
}

class CodedColumn implements Coded {
  codes = new Uint32Array(1_024);
  readonly values: (string | null)[] = [null];
  readonly #codes = new Map<string | null, number>();
  /** The newest who that was read. */
  readUntil = 0;

  codeOf(value: string | null): number {
    return this.#codes.get(value) ?? 0;
  }

  add(who: number, value: string | null): void {
    let code = this.#codes.get(value);
    if (code === undefined) {
      code = this.values.length;
      this.#codes.set(value, code);
      this.values.push(value);
    }
    if (who >= this.codes.length) {
      const larger = new Uint32Array(Math.max(who + 1, this.codes.length * 2));
      larger.set(this.codes);
      this.codes = larger;
    }
    this.codes[who] = code;
    if (who > this.readUntil) this.readUntil = who;
  }
}

export interface WhoTable {
  /** @param values in the order of `ROLLUP_DIMENSIONS`; empty: none @param day it has a sum in */
  idOf(values: readonly string[], day: number): number;
  column(name: WhoColumn): Coded;
  /** One of the columns that nobody asked for yet, while nobody waits. @returns whether there was one */
  readAhead(): boolean;
  /** Forgets who has no sum since this day. */
  expire(day: number): void;
  clear(): void;
  /** What was added in the transaction is not there after all. */
  rolledBack(): void;
}

export function openWho({ client, orm }: SqliteDatabase): WhoTable {
  const names = ROLLUP_DIMENSIONS.map((name) => `"${name}"`);
  // By hand, since it is asked for thousands of times a second.
  const add = client.prepare(
    `insert into "spend_who" (${names.join(", ")}, "last_day") values (${names.map(() => "?").join(", ")}, ?)
     on conflict (${names.join(", ")}) do update set "last_day" = max("last_day", excluded."last_day") returning "id"`,
  );
  const known = new Map<string, { readonly id: number; readonly lastDay: number }>();
  const columns = new Map<WhoColumn, CodedColumn>();
  function column(name: WhoColumn): Coded {
    const read = columns.get(name) ?? new CodedColumn();
    columns.set(name, read);
    const rows = orm
      .select({ id: spendWho.id, value: sql<string>`${COLUMNS[name]}` })
      .from(spendWho)
      .where(gt(spendWho.id, read.readUntil))
      .all();
    for (const { id, value } of rows) read.add(id, value === "" ? null : value);
    return read;
  }

  return {
    idOf(values, day) {
      // No name holds a line's end.
      const place = values.join("\n");
      const found = known.get(place);
      if (found !== undefined && found.lastDay >= day) return found.id;
      const id = Number(add.values(...values, day)[0]?.[0]);
      if (known.size >= KNOWN_LIMIT) known.clear();
      known.set(place, { id, lastDay: day });
      return id;
    },
    column,
    readAhead() {
      const next = Object.keys(COLUMNS)
        .filter(isWhoColumn)
        .find((name) => !columns.has(name));
      if (next !== undefined) column(next);
      return next !== undefined;
    },
    expire(day) {
      orm.delete(spendWho).where(lt(spendWho.lastDay, day)).run();
      known.clear();
    },
    clear() {
      orm.delete(spendWho).run();
      known.clear();
    },
    rolledBack: () => known.clear(),
  };
}
