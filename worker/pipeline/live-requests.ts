/** The requests under way: so that a shutdown can wait for them, and then end them. */

export class LiveRequests {
  readonly #aborts = new Set<() => void>();
  #isDraining = false;
  #whenEmpty: (() => void) | null = null;

  get count(): number {
    return this.#aborts.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** @param abort ends the request as if its client had hung up */
  add(abort: () => void): void {
    this.#aborts.add(abort);
  }

  delete(abort: () => void): void {
    this.#aborts.delete(abort);
    if (this.#aborts.size === 0) this.#whenEmpty?.();
  }

  /** Refuses new requests, waits for the live ones, ends those that are left after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#aborts.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    const limit = setTimeout(() => {
      for (const abort of [...this.#aborts]) abort();
    }, limitMs);
    await empty;
    clearTimeout(limit);
  }
}
