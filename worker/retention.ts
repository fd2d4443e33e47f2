/**
 * How long the ledger is kept, and what sign-ins and caps leave behind: old rows go in batches so small that requests in between wait for
 * none. Content and traces have their own (`content/retention.ts`).
 */
import type { AdminStore, LedgerStore } from "../db/store.ts";
import type { Log } from "./telemetry/log.ts";

const LOOK_MS = 3_600_000;
/** Overwriting a row costs some 15 µs. */
const BATCH_ROWS = 100;
const PAUSE_MS = 50;

/** Null: for ever. */
export interface Keep {
  readonly ledgerMs: number | null;
  /** Sign-ins that ended, and what was used under caps. */
  readonly sessionsMs: number | null;
}

export interface RetentionOptions {
  readonly ledger: Pick<LedgerStore, "expire">;
  readonly admin: Pick<AdminStore, "expire">;
  /** Asked before every batch. */
  readonly keep: () => Keep;
  readonly now: () => number;
  readonly log: Log;
}

export interface RowRetention {
  /** All that is too old, batch by batch; resolves to how many ledger rows went. Never rejects. */
  run(): Promise<number>;
  close(): void;
}

type Expire = (beforeMs: number, limit: number) => Promise<number>;

/** Runs at once, and every hour. */
export function startRetention(options: RetentionOptions): RowRetention {
  const { ledger, admin, keep, now, log } = options;
  let isClosed = false;
  let last: Promise<number> = Promise.resolve(0);

  async function expireAll(keepMs: () => number | null, expire: Expire): Promise<number> {
    let rows = 0;
    for (let ms = keepMs(); ms !== null && !isClosed; ms = keepMs()) {
      const expired = await expire(now() - ms, BATCH_ROWS);
      if (expired === 0) break;
      rows += expired;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return rows;
  }

  async function pass(): Promise<number> {
    let rows = 0;
    try {
      await expireAll(
        () => keep().sessionsMs,
        (before, limit) => admin.expire(before, limit),
      );
      rows = await expireAll(
        () => keep().ledgerMs,
        (before, limit) => ledger.expire(before, limit),
      );
    } catch {
      if (!isClosed) log.write("warn", "old rows could not be deleted; tried again in an hour");
    }
    if (rows > 0) log.write("info", "ledger rows deleted because of their age", { rows });
    return rows;
  }

  function run(): Promise<number> {
    // One after the other: what is changed meanwhile has a pass of its own.
    last = last.then(pass);
    return last;
  }

  const timer = setInterval(() => void run(), LOOK_MS);
  // Housekeeping must not keep the process alive.
  if (typeof timer === "object") timer.unref();
  void run();
  return {
    run,
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}
