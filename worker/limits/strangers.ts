/**
 * Addresses that keep sending credentials that are none. A valid key is never held up by it: others may stand behind the same address.
 * In memory, bounded; addresses are written nowhere.
 */
/** More than a tool has addresses to try with a key that has expired; far too few to find a secret by trying. */
const MAX_FAILURES = 300;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  /** Monotonic. */
  readonly sinceMs: number;
}

export class Strangers {
  /** Monotonic ms. */
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a refusal. @returns seconds to wait, or null while there were few */
  failed(address: string): number | null {
    const now = this.#now();
    const known = this.#failures.get(address);
    if (known === undefined || now - known.sinceMs >= WINDOW_MS) {
      this.#failures.delete(address);
      // The oldest goes: whoever has many addresses is not stopped by any of this.
      for (const oldest of this.#failures.keys()) {
        if (this.#failures.size < MAX_ADDRESSES) break;
        this.#failures.delete(oldest);
      }
      this.#failures.set(address, { count: 1, sinceMs: now });
      return null;
    }
    known.count += 1;
    if (known.count <= MAX_FAILURES) return null;
    return Math.max(1, Math.ceil((known.sinceMs + WINDOW_MS - now) / 1_000));
  }
}
