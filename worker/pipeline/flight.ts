/** One request under way: what a hang-up must stop, and whether it still can. */
import type { LiveRequest, LiveRequests } from "./live-requests.ts";

export class Flight implements LiveRequest {
  readonly #live: LiveRequests;
  /** Null once it is over: nothing is left to watch. */
  #request: Request | null;
  #onAbort: (() => void) | null = null;
  #isAborted = false;
  #isHandedOver = false;

  constructor(live: LiveRequests, request: Request) {
    this.#live = live;
    this.#request = request;
    live.add(this);
  }

  watch(): void {
    const request = this.#request;
    if (request === null) return;
    this.#live.keepOpen(request);
    const { signal } = request;
    // On Deno it also fires after a good answer, hence `done`.
    if (signal.aborted) this.abort();
    else signal.addEventListener("abort", () => this.abort(), { once: true });
  }

  abort(): void {
    if (this.#request === null || this.#isAborted) return;
    this.#isAborted = true;
    this.#onAbort?.();
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** What to stop from now on; replaces what was set before. Called at once if the client is gone already. */
  onAbort(stop: () => void): void {
    this.#onAbort = stop;
    if (this.#isAborted && this.#request !== null) stop();
  }

  /** A stream answers from here on: it calls `done` when it is settled. */
  handOver(stop: () => void): void {
    this.#isHandedOver = true;
    this.onAbort(stop);
  }

  /** The handler has returned: done, unless a stream still answers. */
  returned(): void {
    if (!this.#isHandedOver) this.done();
  }

  /** The request is settled: nothing is left to stop. */
  done(): void {
    if (this.#request === null) return;
    this.#request = null;
    this.#onAbort = null;
    this.#live.delete(this);
  }
}
