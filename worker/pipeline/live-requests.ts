/** The requests under way: so that a shutdown can wait for them, and then end them; and so that short ones pay for no watching. */

/** As the pipeline's flights are. */
export interface LiveRequest {
  /** Ends it as if its client had hung up. */
  abort(): void;
  /** It lasts: its client's hang-up is looked for from now on. Also called when it has ended meanwhile. */
  watch(): void;
}

/**
 * After this a request is watched. The runtime's signal costs as much as reading a small body, and most of what is over by then
 * never needed it; a client that left before is found then.
 */
const WATCH_AFTER_MS = 10;

export class LiveRequests {
  /** Tells the listener that silence is no reason to close this request's connection. Set by whoever has a listener that would. */
  keepOpen: (request: Request) => void = () => undefined;
  readonly #live = new Set<LiveRequest>();
  /** Not watched yet. */
  #young: LiveRequest[] = [];
  #isDraining = false;
  #whenEmpty: (() => void) | null = null;

  get count(): number {
    return this.#live.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  add(request: LiveRequest): void {
    this.#live.add(request);
    this.#young.push(request);
    if (this.#young.length === 1) setTimeout(() => this.#watchYoung(), WATCH_AFTER_MS);
  }

  delete(request: LiveRequest): void {
    this.#live.delete(request);
    if (this.#live.size === 0) this.#whenEmpty?.();
  }

  /** Refuses new requests, waits for the live ones, ends those that are left after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#live.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    const limit = setTimeout(() => {
      for (const request of [...this.#live]) request.abort();
    }, limitMs);
    await empty;
    clearTimeout(limit);
  }

  #watchYoung(): void {
    const young = this.#young;
    this.#young = [];
    for (const request of young) request.watch();
  }
}
