/**
 * Time-outs that all last equally long: they end in the order in which they began, so that one timer serves them all.
 * A timer for every request would cost more than the rest of its bookkeeping.
 */

/** Called when an item's time is over; the item is out by then. */
export interface Expiring {
  expired(): void;
}

export class Deadlines {
  readonly #ms: number;
  readonly #now: () => number;
  /** item → when its time is over. In order of time, since each is added with the same delay. */
  readonly #ends = new Map<Expiring, number>();
  #isArmed = false;

  constructor(ms: number, now: () => number) {
    this.#ms = ms;
    this.#now = now;
  }

  /** Begins an item's time, or begins it again. */
  add(item: Expiring): void {
    this.#ends.delete(item);
    this.#ends.set(item, this.#now() + this.#ms);
    if (!this.#isArmed) this.#arm(this.#ms);
  }

  delete(item: Expiring): void {
    this.#ends.delete(item);
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    const timer = setTimeout(() => this.#check(), Math.ceil(ms));
    // What waits is a connection, and that keeps the process alive by itself.
    if (typeof timer === "object") timer.unref();
  }

  #check(): void {
    this.#isArmed = false;
    const now = this.#now();
    for (const [item, end] of this.#ends) {
      if (end > now) return this.#arm(end - now);
      this.#ends.delete(item);
      item.expired();
    }
  }
}
