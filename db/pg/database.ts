/** One Postgres database with drizzle over it. Whatever is asked of it has a limit in time. */
import { drizzle } from "drizzle-orm/postgres-js";
import type { PgDatabase as DrizzleDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { StoreUnavailable, VersionConflict, type DatabaseOptions } from "../store.ts";
import { createClient, type PgClient } from "./client.ts";
import { isAway, isInTheWay, PgFault } from "./fault.ts";
import { migrate } from "./migrate.ts";

/** Of the database, or within a transaction. */
export type Orm = DrizzleDatabase<PgQueryResultHKT>;

const MAX_CONNECTIONS = 8;
const LIMIT_MS = 30_000;
const TRIES = 5;
const CLOSE_S = 2;

export interface PgDatabase {
  readonly client: PgClient;
  /**
   * @throws (rejects with) StoreUnavailable if the database is away or takes longer than `limitMs`; PgFault if it refuses; what
   * `work` throws of its own
   */
  run<T>(work: (orm: Orm) => Promise<T>, limitMs?: number): Promise<T>;
  /** The same in one transaction; tried again where another one was in the way. */
  transaction<T>(work: (tx: Orm) => Promise<T>, limitMs?: number): Promise<T>;
  /** With connections of its own from now on; what waits for the others fails. The driver's may be beyond recovery after a break. */
  renew(): void;
  close(): Promise<void>;
}

/** Opens the database and brings its schema up to date. Rejects if it can't. */
export async function openDatabase(options: DatabaseOptions): Promise<PgDatabase> {
  const database = connectDatabase(options);
  try {
    await migrate(database.client);
    return database;
  } catch (error) {
    await database.close();
    throw isAway(error) ? new StoreUnavailable() : error;
  }
}

/** Without a look at its schema, and without a word to it until something is asked. */
export function connectDatabase(options: DatabaseOptions): PgDatabase {
  let { client, orm } = open(options);
  const run: PgDatabase["run"] = async (work, limitMs = LIMIT_MS) => {
    try {
      return await within(limitMs, work(orm));
    } catch (error) {
      throw toPortError(error);
    }
  };
  return {
    get client() {
      return client;
    },
    run,
    async transaction(work, limitMs) {
      for (let left = TRIES; ; left -= 1) {
        try {
          return await run((each) => each.transaction(work), limitMs);
        } catch (error) {
          if (left === 1 || !isInTheWay(error)) throw error;
        }
      }
    },
    renew() {
      const old = client;
      ({ client, orm } = open(options));
      void old.end({ timeout: 0 }).catch(() => undefined);
    },
    async close() {
      await client.end({ timeout: CLOSE_S });
    },
  };
}

function open(options: DatabaseOptions): { client: PgClient; orm: Orm } {
  const client = createClient(options, MAX_CONNECTIONS);
  return { client, orm: drizzle(client) };
}

/** What the ports promise; the driver's own errors quote statements and values. */
function toPortError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || error instanceof VersionConflict) return error;
  if (isAway(error)) return new StoreUnavailable();
  return isOfDatabase(error) ? new PgFault(error) : error;
}

function isOfDatabase(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "PostgresError" || "query" in error || "code" in error)
  );
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new StoreUnavailable("late")), limitMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
