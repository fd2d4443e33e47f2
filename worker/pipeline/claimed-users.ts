/**
 * Bounds how many user names one key can bring into the ledger by header: 1,000 new ones a UTC day, then the user is left
 * out. Otherwise a caller could turn the user column into a place to write.
 */
import type { ClaimedUserStore } from "../../db/store.ts";

const MAX_NEW_A_DAY = 1_000;

interface KeyUsers {
  readonly known: Set<string>;
  day: string;
  newToday: number;
}

export class ClaimedUsers {
  readonly #store: ClaimedUserStore;
  readonly #today: () => string;
  readonly #keys = new Map<string, Promise<KeyUsers>>();

  /** @param now wall clock, ms since 1970 */
  constructor(store: ClaimedUserStore, now: () => number) {
    this.#store = store;
    this.#today = () => new Date(now()).toISOString().slice(0, 10);
  }

  /** The user if the key may record it, else null. Rejects if the store can't be read or written. */
  async admit(keyId: string, user: string): Promise<string | null> {
    const users = await this.#load(keyId);
    if (users.known.has(user)) return user;
    const today = this.#today();
    if (users.day !== today) {
      users.day = today;
      users.newToday = 0;
    }
    if (users.newToday >= MAX_NEW_A_DAY) return null;
    users.newToday += 1;
    users.known.add(user);
    await this.#store.add(keyId, user, today);
    return user;
  }

  #load(keyId: string): Promise<KeyUsers> {
    let users = this.#keys.get(keyId);
    if (users === undefined) {
      users = this.#read(keyId);
      // A failed read must not be remembered.
      users.catch(() => this.#keys.delete(keyId));
      this.#keys.set(keyId, users);
    }
    return users;
  }

  async #read(keyId: string): Promise<KeyUsers> {
    const day = this.#today();
    const rows = await this.#store.list(keyId);
    return {
      known: new Set(rows.map((row) => row.user)),
      day,
      newToday: rows.filter((row) => row.day === day).length,
    };
  }
}
