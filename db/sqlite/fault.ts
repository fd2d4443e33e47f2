/** What went wrong in SQLite, by its result code: the one thing that both drivers' errors say alike. */

const BUSY = 5;
const LOCKED = 6;
const CONSTRAINT = 19;
const MISMATCH = 20;

/** https://sqlite.org/rescode.html; null for an error that SQLite did not make. */
function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  // Bun names it `errno`, `node:sqlite` names it `errcode`; both may be extended codes.
  const { errno, errcode } = error as { errno?: unknown; errcode?: unknown };
  const code = typeof errcode === "number" ? errcode : errno;
  return typeof code === "number" ? code & 0xff : null;
}

/** Another connection holds the lock: later it may work. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === BUSY || code === LOCKED;
}

/** A value that must be unique is there already, or one is refused by its column. */
export function isConstraint(error: unknown): boolean {
  return primaryCode(error) === CONSTRAINT;
}

/** The values themselves are refused, by a constraint or by the driver: other rows may still be written. */
export function isRefusedRow(error: unknown): boolean {
  const code = primaryCode(error);
  return code === CONSTRAINT || code === MISMATCH || code === null;
}

const RETRY_MS = 20;

/**
 * Tries again as long as another connection holds the lock, without holding up the event loop.
 * @throws (rejects with) what `work` throws; after `patienceMs` also that the database is busy
 */
export async function whileBusy<T>(work: () => T, patienceMs = 10_000): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || waitedMs >= patienceMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
