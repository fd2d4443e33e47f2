/** How much content may be in memory at once, of all requests together, and of those of one holder: nobody can fill all of it alone. */
export class MemoryBudget {
  readonly #maxBytes: number;
  readonly #maxShareBytes: number;
  readonly #shares = new Map<string, number>();
  #usedBytes = 0;

  /** @param maxShareBytes of one holder */
  constructor(maxBytes: number, maxShareBytes: number) {
    this.#maxBytes = maxBytes;
    this.#maxShareBytes = maxShareBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** False, and nothing is taken, where it would be too much. */
  take(bytes: number, holder: string): boolean {
    const share = (this.#shares.get(holder) ?? 0) + bytes;
    if (this.#usedBytes + bytes > this.#maxBytes || share > this.#maxShareBytes) return false;
    this.#usedBytes += bytes;
    this.#shares.set(holder, share);
    return true;
  }

  give(bytes: number, holder: string): void {
    this.#usedBytes -= bytes;
    const share = (this.#shares.get(holder) ?? 0) - bytes;
    if (share > 0) this.#shares.set(holder, share);
    else this.#shares.delete(holder);
  }
}
