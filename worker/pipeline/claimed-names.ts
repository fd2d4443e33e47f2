/**
 * Bounds how many names of users, or of teams, one key can bring into the ledger by header: 1,000 new ones a UTC day, then the name is
 * left out. Otherwise a caller could turn the column into a place to write.
 */
import type { ClaimedNameStore } from "../../db/store.ts";

const MAX_NEW_A_DAY = 1_000;

interface KeyNames {
  readonly known: Set<string>;
  day: string;
  newToday: number;
}

export class ClaimedNames {
  readonly #store: ClaimedNameStore;
  readonly #today: () => string;
  readonly #keys = new Map<string, Promise<KeyNames>>();

  /** @param now wall clock, ms since 1970 */
  constructor(store: ClaimedNameStore, now: () => number) {
    this.#store = store;
    this.#today = () => new Date(now()).toISOString().slice(0, 10);
  }

  /** The name if the key may record it, else null. Rejects if the store can't be read or written. */
  async admit(keyId: string, name: string): Promise<string | null> {
    const names = await this.#load(keyId);
    if (names.known.has(name)) return name;
    const today = this.#today();
    if (names.day !== today) {
      names.day = today;
      names.newToday = 0;
    }
    if (names.newToday >= MAX_NEW_A_DAY) return null;
    names.newToday += 1;
    names.known.add(name);
    await this.#store.add(keyId, name, today);
    return name;
  }

  #load(keyId: string): Promise<KeyNames> {
    let names = this.#keys.get(keyId);
    if (names === undefined) {
      names = this.#read(keyId);
      // A failed read must not be remembered.
      names.catch(() => this.#keys.delete(keyId));
      this.#keys.set(keyId, names);
    }
    return names;
  }

  async #read(keyId: string): Promise<KeyNames> {
    const day = this.#today();
    const rows = await this.#store.list(keyId);
    return {
      known: new Set(rows.map((row) => row.name)),
      day,
      newToday: rows.filter((row) => row.day === day).length,
    };
  }
}
