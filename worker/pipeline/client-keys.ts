/**
 * Looks client keys up by the hash of their secret, and remembers the answer for a moment: a revocation made by another
 * process counts within a second. Holds hashes, never secrets.
 */
import type { ClientKey, KeyStore } from "../../db/store.ts";

const FRESH_MS = 500;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly key: ClientKey | null;
  readonly readAt: number;
}

export class ClientKeys {
  readonly #store: KeyStore;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /** @param now monotonic ms */
  constructor(store: KeyStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** The key if it was looked up a moment ago; undefined: ask `find`. */
  cached(secretHash: string): ClientKey | null | undefined {
    const entry = this.#entries.get(secretHash);
    return entry !== undefined && this.#now() - entry.readAt < FRESH_MS ? entry.key : undefined;
  }

  /** Revoked and expired keys are returned, too. Rejects if the store can't be read. */
  async find(secretHash: string): Promise<ClientKey | null> {
    const readAt = this.#now();
    const key = await this.#store.findByHash(secretHash);
    // Bounds what guessing can fill: the oldest entry goes.
    if (this.#entries.size >= MAX_ENTRIES && !this.#entries.has(secretHash)) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(secretHash, { key, readAt });
    return key;
  }
}
