/** One request under way: what a hang-up must stop, and whether it still can. */
import type { LiveRequests } from "./live-requests.ts";

export class Flight {
  readonly #live: LiveRequests;
  readonly #abort = () => this.#aborted();
  #onAbort: (() => void) | null = null;
  #isDone = false;
  #isAborted = false;
  #isHandedOver = false;

  /** @param signal fires when the client hangs up; on Deno also after a good answer, hence `done` */
  constructor(live: LiveRequests, signal: AbortSignal) {
    this.#live = live;
    live.add(this.#abort);
    signal.addEventListener("abort", this.#abort, { once: true });
    if (signal.aborted) this.#isAborted = true;
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** What to stop from now on; replaces what was set before. Called at once if the client is gone already. */
  onAbort(stop: () => void): void {
    this.#onAbort = stop;
    if (this.#isAborted && !this.#isDone) stop();
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
    if (this.#isDone) return;
    this.#isDone = true;
    this.#onAbort = null;
    this.#live.delete(this.#abort);
  }

  #aborted(): void {
    if (this.#isDone || this.#isAborted) return;
    this.#isAborted = true;
    this.#onAbort?.();
  }
}
