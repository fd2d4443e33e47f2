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

  /** What was remembered is looked up again: this process has changed a key. */
  forget(): void {
    this.#entries.clear();
  }

  /** The key if it was looked up a moment ago; undefined: ask `find`. */
  cached(secretHash: string): ClientKey | null | undefined {
    const entry = this.#entries.get(secretHash);
    return entry !== undefined && this.#now() - entry.readAt < FRESH_MS ? entry.key : undefined;
  }

  /** Revoked and expired keys are returned, too. Rejects if the store can't be read. */
  async find(secretHash: string): Promise<ClientKey | null> {
    const readAt = this.#now();
    const found = await this.#store.findByHash(secretHash);
    const key = found === null ? null : asFound(found, secretHash);
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

/** A secret that was rotated away counts until its time is up. */
function asFound(key: ClientKey, secretHash: string): ClientKey {
  if (key.secretHash === secretHash) return key;
  const untilMs = Math.min(key.expiresAtMs ?? Infinity, key.previousUntilMs ?? 0);
  return { ...key, expiresAtMs: untilMs };
}
