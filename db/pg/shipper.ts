/**
 * Brings the rows of the local ledger to Postgres, in the order of their ids, in batches. The local ledger is the queue: a row is passed
 * over only when it is there (or refused for good), and what was sent twice is there once. Nobody who appends waits for it.
 */
import { StoreUnavailable, type LedgerTail } from "../store.ts";
import type { LocalRows, Shipping } from "../sqlite/shipping.ts";
import type { Appender } from "./append.ts";

/** Rows that come in so short a time go together. */
const GATHER_MS = 10;
const BATCH_ROWS = 200;
const MIN_WAIT_MS = 250;
const MAX_WAIT_MS = 5_000;

/** Of rows that are there; those who look at the local file, such as the exporter, have so long. */
const KEEP_MS = 24 * 3_600_000;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_ROWS = 200;
const PRUNE_PAUSE_MS = 20;

export interface ShipperOptions {
  readonly tail: LedgerTail;
  readonly local: LocalRows;
  readonly shipping: Shipping;
  readonly appender: Appender;
  readonly now: () => number;
  /** Up to which row others have read the local ledger; null: nobody else does. */
  readonly readByOthers: () => Promise<string | null>;
}

export interface Shipper {
  /** Rows that are not there yet. */
  readonly waitingRows: number;
  /** Whether a row is there. */
  hasArrived(rowId: string): boolean;
  /** A row is committed locally. */
  appended(rowId: string): void;
  /** The database is back: no need to wait any longer. */
  wake(): void;
  /** Resolves when all that was committed locally until now is there, or after `limitMs`. Rejects with StoreUnavailable if a batch fails meanwhile. */
  flush(limitMs: number): Promise<void>;
  /** Ships what it can within `limitMs`. */
  close(limitMs: number): Promise<void>;
}

interface Waiting {
  readonly rowId: string;
  resolve(): void;
  reject(error: unknown): void;
}

export function createShipper(options: ShipperOptions): Shipper {
  const { tail, local, shipping, appender, now } = options;
  let newest = local.newestId() ?? shipping.place;
  let waitingRows = local.countAfter(shipping.place);
  let waiters: Waiting[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shippingNow: Promise<void> | null = null;
  let failures = 0;
  let isClosed = false;

  async function shipBatch(): Promise<boolean> {
    const rows = await tail.after(shipping.place, BATCH_ROWS);
    if (rows.length === 0) return false;
    const extras = shipping.extrasOf(rows);
    const parcels = rows.map((row, at) => ({
      row,
      responseId: extras[at]?.responseId ?? null,
      charges: extras[at]?.charges ?? [],
    }));
    const refused = [...(await appender.append(parcels)).keys()].map(({ row }) => row);
    shipping.advance(rows, refused, now());
    waitingRows = Math.max(0, waitingRows - rows.length);
    settle(
      ({ rowId }) => rowId <= shipping.place,
      ({ resolve }) => resolve(),
    );
    return true;
  }

  function settle(isDone: (each: Waiting) => boolean, how: (each: Waiting) => void): void {
    const done = waiters.filter(isDone);
    waiters = waiters.filter((each) => !isDone(each));
    for (const each of done) how(each);
  }

  /** All that is there. A row that is committed may take a moment to be seen by the connection that reads. */
  async function ship(): Promise<void> {
    try {
      while (!isClosed && (await shipBatch()));
      failures = 0;
      if (shipping.place < newest) schedule(GATHER_MS);
    } catch {
      failures += 1;
      settle(
        () => true,
        ({ reject }) => reject(new StoreUnavailable()),
      );
      schedule(Math.min(MAX_WAIT_MS, MIN_WAIT_MS * 2 ** Math.min(failures - 1, 10)));
    }
  }

  function schedule(ms: number): void {
    if (isClosed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      run();
    }, ms);
  }

  function run(): void {
    if (isClosed || shippingNow !== null) return;
    shippingNow = ship().finally(() => {
      shippingNow = null;
      if (failures === 0 && shipping.place < newest) schedule(GATHER_MS);
    });
  }

  function runSoon(): void {
    clearTimeout(timer);
    timer = undefined;
    run();
  }

  async function prune(): Promise<void> {
    const read = await options.readByOthers();
    const upTo = read === null || read > shipping.place ? shipping.place : read;
    while (!isClosed && local.prune(upTo, now() - KEEP_MS, PRUNE_ROWS) > 0) {
      await new Promise((resolve) => setTimeout(resolve, PRUNE_PAUSE_MS));
    }
  }

  const pruning = setInterval(() => void prune().catch(() => undefined), PRUNE_EVERY_MS);
  // Housekeeping must not keep the process alive.
  if (typeof pruning === "object") pruning.unref();
  if (shipping.place < newest) schedule(0);

  function flush(limitMs: number): Promise<void> {
    if (shipping.place >= newest) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = setTimeout(resolve, limitMs);
      const end = (then: () => void) => (): void => {
        clearTimeout(limit);
        then();
      };
      waiters.push({
        rowId: newest,
        resolve: end(resolve),
        reject: (error) => end(() => reject(error))(),
      });
      runSoon();
    });
  }

  return {
    get waitingRows() {
      return waitingRows;
    },
    hasArrived: (rowId) => rowId <= shipping.place,
    appended(rowId) {
      waitingRows += 1;
      if (rowId > newest) newest = rowId;
      if (failures === 0) schedule(GATHER_MS);
    },
    wake: runSoon,
    flush,
    async close(limitMs) {
      await flush(limitMs).catch(() => undefined);
      isClosed = true;
      clearTimeout(timer);
      clearInterval(pruning);
      await shippingNow;
      tail.close();
    },
  };
}
