/**
 * Group commit: rows that are appended close together share one transaction, which costs a small part of one commit a row.
 * A row's promise resolves after the commit that holds it.
 */
import { sql } from "drizzle-orm";
import type { CapCharge, LedgerRow } from "../store.ts";
import { capUsage, issuedResponse, ledger } from "../schema/sqlite.ts";
import type { SqliteDatabase } from "./database.ts";
import type { SqlValue, Statement } from "./driver.ts";
import { isBusy, isRefusedRow } from "./fault.ts";
import { storable } from "./money.ts";

/**
 * A commit waits while turns of the event loop bring more rows: two turns in a row without one end the wait, so that on an
 * idle gateway a row waits for microseconds. Measured with 16 requests at a time: 16 rows a commit instead of about 4.
 */
const QUIET_TURNS = 2;
const MAX_TURNS = 16;
const MAX_BATCH = 256;

/** How long rows wait for another connection's transaction, such as a `reprice` of the command line, and how often they ask. */
const BUSY_PATIENCE_MS = 10_000;
const BUSY_RETRY_MS = 10;

interface Pending {
  readonly row: LedgerRow;
  readonly responseId: string | undefined;
  readonly charges: readonly CapCharge[];
  resolve(): void;
  reject(error: unknown): void;
}

type Column = keyof LedgerRow;

export class LedgerAppender {
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #insertRow: Statement;
  /** The same, but it says whether the row is new. */
  readonly #insertNewRow: Statement;
  readonly #insertResponse: Statement;
  readonly #insertCharge: Statement;
  /** The row's members in the order of the statement's parameters. */
  readonly #columns: readonly Column[];
  #pending: Pending[] = [];
  #isScheduled = false;
  #busyMs = 0;
  #isClosed = false;

  constructor(database: SqliteDatabase) {
    const { client } = database;
    this.#begin = client.prepare("BEGIN IMMEDIATE");
    this.#commit = client.prepare("COMMIT");
    this.#rollback = client.prepare("ROLLBACK");
    const insert = insertSql(database);
    this.#columns = insert.columns;
    this.#insertRow = client.prepare(insert.text);
    this.#insertNewRow = client.prepare(`${insert.text} returning "attempt"`);
    this.#insertCharge = client.prepare(
      database.orm
        .insert(capUsage)
        .values({ capId: "", subject: "", windowStartMs: 0, used: 0n })
        .onConflictDoUpdate({
          target: [capUsage.capId, capUsage.subject, capUsage.windowStartMs],
          set: { used: sql`${capUsage.used} + ${0}` },
        })
        .toSQL().sql,
    );
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

  append(
    row: LedgerRow,
    responseId: string | undefined,
    charges: readonly CapCharge[],
  ): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("the ledger is closed"));
    return new Promise((resolve, reject) => {
      this.#pending.push({ row, responseId, charges, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      this.#await(1, 0, 1);
    });
  }

  #await(turn: number, quietBefore: number, rowsBefore: number): void {
    setImmediate(() => {
      const rows = this.#pending.length;
      const quiet = rows > rowsBefore ? 0 : quietBefore + 1;
      if (quiet >= QUIET_TURNS || turn >= MAX_TURNS || rows >= MAX_BATCH) this.#flush();
      else this.#await(turn + 1, quiet, rows);
    });
  }

  /** Takes no more rows; resolves when none waits any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#pending.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #flush(): void {
    this.#isScheduled = false;
    const batch = this.#pending;
    this.#pending = [];
    let refused: ReadonlyMap<Pending, unknown>;
    try {
      refused = this.#write(batch);
    } catch (error) {
      if (isBusy(error) && this.#busyMs < BUSY_PATIENCE_MS) {
        this.#retryLater(batch);
      } else {
        this.#busyMs = 0;
        for (const each of batch) each.reject(error);
      }
      return;
    }
    this.#busyMs = 0;
    for (const each of batch) {
      if (refused.has(each)) each.reject(refused.get(each));
      else each.resolve();
    }
  }

  #retryLater(batch: Pending[]): void {
    this.#busyMs += BUSY_RETRY_MS;
    this.#pending = batch;
    this.#isScheduled = true;
    setTimeout(() => this.#flush(), BUSY_RETRY_MS);
  }

  /**
   * All rows in one transaction. A row that is refused leaves the others be: they are committed.
   * @throws what concerns the database as a whole; nothing was written then
   */
  #write(batch: readonly Pending[]): ReadonlyMap<Pending, unknown> {
    const refused = new Map<Pending, unknown>();
    this.#begin.run();
    try {
      for (const each of batch) {
        try {
          this.#insert(each);
        } catch (error) {
          if (!isRefusedRow(error)) throw error;
          refused.set(each, error);
        }
      }
      this.#commit.run();
    } catch (error) {
      this.#tryRollback();
      throw error;
    }
    return refused;
  }

  #insert({ row, responseId, charges }: Pending): void {
    storable(row.costPicoUsd);
    storable(row.savedPicoUsd);
    // First, since a row that stands must not be rejected for what belongs to it.
    if (responseId !== undefined && row.provider !== null) {
      this.#insertResponse.run(responseId, row.keyId, row.provider, row.timeMs);
    }
    const values = this.#columns.map((column) => toSql(row[column]));
    if (charges.length === 0) {
      this.#insertRow.run(...values);
      return;
    }
    for (const { amount } of charges) storable(amount);
    // A row that is there already was charged with itself.
    if (this.#insertNewRow.values(...values).length === 0) return;
    for (const { capId, subject, windowStartMs, amount } of charges) {
      this.#insertCharge.run(capId, subject, windowStartMs, amount, amount);
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
    // Not any conflict: a second use of a row's id is a fault that must show.
    .onConflictDoNothing({ target: [ledger.traceId, ledger.attempt] })
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
  finishReason: true,
  contentMode: true,
  callerSpan: true,
  metadata: true,
};

function toSql(value: LedgerRow[Column]): SqlValue {
  return typeof value === "boolean" ? Number(value) : value;
}
