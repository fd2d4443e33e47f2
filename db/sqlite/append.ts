/**
 * Group commit: rows that are appended close together share one transaction, which costs a small part of one commit a row.
 * A row's promise resolves after the commit that holds it.
 */
import { sql } from "drizzle-orm";
import type { LedgerRow } from "../store.ts";
import { issuedResponse, ledger } from "../schema/sqlite.ts";
import type { SqliteDatabase } from "./database.ts";
import type { SqlValue, Statement } from "./driver.ts";

/**
 * A commit waits while each turn of the event loop brings more rows, at most this many turns: a turn without a new row ends
 * the wait, so that on an idle gateway a row waits for microseconds.
 */
const MAX_TURNS = 4;
const MAX_BATCH = 256;

interface Pending {
  readonly row: LedgerRow;
  readonly responseId: string | undefined;
  resolve(): void;
  reject(error: unknown): void;
}

type Column = keyof LedgerRow;

export class LedgerAppender {
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #insertRow: Statement;
  readonly #insertResponse: Statement;
  /** The row's members in the order of the statement's parameters. */
  readonly #columns: readonly Column[];
  #pending: Pending[] = [];
  #isScheduled = false;

  constructor(database: SqliteDatabase) {
    const { client } = database;
    this.#begin = client.prepare("BEGIN IMMEDIATE");
    this.#commit = client.prepare("COMMIT");
    this.#rollback = client.prepare("ROLLBACK");
    const insert = insertSql(database);
    this.#columns = insert.columns;
    this.#insertRow = client.prepare(insert.text);
    this.#insertResponse = client.prepare(
      database.orm
        .insert(issuedResponse)
        .values({
          responseId: sql.placeholder("responseId"),
          keyId: sql.placeholder("keyId"),
          provider: sql.placeholder("provider"),
          timeMs: sql.placeholder("timeMs"),
        })
        .onConflictDoNothing()
        .toSQL().sql,
    );
  }

  append(row: LedgerRow, responseId: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ row, responseId, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      this.#await(1, 1);
    });
  }

  #await(turn: number, rowsBefore: number): void {
    setImmediate(() => {
      const rows = this.#pending.length;
      if (rows > rowsBefore && turn < MAX_TURNS && rows < MAX_BATCH) this.#await(turn + 1, rows);
      else this.flush();
    });
  }

  /** Commits what is pending, now. */
  flush(): void {
    this.#isScheduled = false;
    const batch = this.#pending;
    if (batch.length === 0) return;
    this.#pending = [];
    try {
      this.#write(batch);
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else this.#writeSingly(batch);
      return;
    }
    for (const each of batch) each.resolve();
  }

  /** One bad row must not take the others with it. */
  #writeSingly(batch: readonly Pending[]): void {
    for (const each of batch) {
      try {
        this.#write([each]);
      } catch (error) {
        each.reject(error);
        continue;
      }
      each.resolve();
    }
  }

  #write(batch: readonly Pending[]): void {
    this.#begin.run();
    try {
      for (const { row, responseId } of batch) {
        this.#insertRow.run(...this.#columns.map((column) => toSql(row[column])));
        if (responseId !== undefined && row.provider !== null) {
          this.#insertResponse.run(responseId, row.keyId, row.provider, row.timeMs);
        }
      }
      this.#commit.run();
    } catch (error) {
      this.#tryRollback();
      throw error;
    }
  }

  /** SQLite has rolled back by itself after some errors (a full disk); then there is nothing to do. */
  #tryRollback(): void {
    try {
      this.#rollback.run();
    } catch {
      // No transaction is open any more.
    }
  }
}

/** Drizzle's own insert, so that the schema stays the one source; run by the driver, since that is the hot path. */
function insertSql({ orm }: SqliteDatabase): { text: string; columns: readonly Column[] } {
  const columns = Object.keys(ledger).filter((name): name is Column => name in COLUMNS);
  const values = Object.fromEntries(columns.map((name) => [name, sql.placeholder(name)]));
  const query = orm
    .insert(ledger)
    // Every column has its placeholder.
    .values(values as never)
    .onConflictDoNothing()
    .toSQL();
  return { text: query.sql, columns };
}

/** Guards against a column of the table that the record lacks, and the reverse. */
const COLUMNS: Record<keyof typeof ledger.$inferSelect, true> & Record<Column, true> = {
  id: true,
  timeMs: true,
  traceId: true,
  attempt: true,
  session: true,
  user: true,
  team: true,
  attribution: true,
  keyId: true,
  credential: true,
  endpoint: true,
  dialect: true,
  provider: true,
  modelRequested: true,
  modelServed: true,
  stream: true,
  inputTokens: true,
  cachedInputTokens: true,
  cacheWriteTokens: true,
  cacheWrite1hTokens: true,
  outputTokens: true,
  reasoningTokens: true,
  serviceTier: true,
  usageSource: true,
  costPicoUsd: true,
  priceVersion: true,
  unpriced: true,
  latencyMs: true,
  ttfbMs: true,
  status: true,
  upstreamStatus: true,
  outcome: true,
  savedInputTokens: true,
  savedPicoUsd: true,
};

function toSql(value: LedgerRow[Column]): SqlValue {
  return typeof value === "boolean" ? Number(value) : value;
}
