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
/** Longer than any window of a cap, and than anyone asks who was signed in. */
const KEEP_ADMIN_MS = 62 * 86_400_000;

export interface RetentionOptions {
  readonly ledger: Pick<LedgerStore, "expire">;
  readonly admin: Pick<AdminStore, "expire">;
  /** Of the ledger; null: for ever. */
  readonly keepMs: number | null;
  readonly now: () => number;
  readonly log: Log;
}

export interface LedgerRetention {
  /** All that is too old, batch by batch; resolves to how many rows went. Never rejects. */
  run(): Promise<number>;
  close(): void;
}

/** Runs at once, and every hour. */
export function startRetention(options: RetentionOptions): LedgerRetention {
  const { ledger, admin, keepMs, now, log } = options;
  let isClosed = false;

  async function run(): Promise<number> {
    let rows = 0;
    try {
      await admin.expire(now() - KEEP_ADMIN_MS);
      while (keepMs !== null && !isClosed) {
        const expired = await ledger.expire(now() - keepMs, BATCH_ROWS);
        if (expired === 0) break;
        rows += expired;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } catch {
      if (!isClosed) log.write("warn", "old rows could not be deleted; tried again in an hour");
    }
    if (rows > 0) log.write("info", "ledger rows deleted because of their age", { rows });
    return rows;
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
