/**
 * What a relay of an answer is given, and how it reports the end. Two kinds implement the same laws:
 * `sse-relay.ts` for event streams, `body-relay.ts` for bodies too large to wait for.
 *
 * A relay MUST call `settle` exactly once; what it then sends as the end of the answer waits for the returned promise.
 */
import type { ErrorCode } from "../errors.ts";
import type { ClientObserver } from "./client-stream.ts";

/** How an answer ended, seen from the stream. */
export type StreamEnd =
  | { readonly outcome: "ok" | "aborted" | "cut" | "upstream_error" }
  | { readonly outcome: "timeout"; readonly code: ErrorCode };

export interface RelayContext {
  readonly requestId: string;
  /** Monotonic ms. */
  now(): number;
  readonly keepAliveMs: number;
  readonly idleMs: number;
  /** Monotonic time at which the answer must have ended; Infinity for none. */
  readonly totalDeadline: number;
  /** Writes the ledger row. Rejects if it can't be committed now. */
  settle(end: StreamEnd): Promise<void>;
  /** Null: nobody looks on. */
  readonly observer: ClientObserver | null;
  /** Closes the upstream connection. */
  cancelUpstream(): void;
}

/** One timer a stream: it is not moved at each byte, but looks at the clock when it fires. */
export class Watch {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #check: () => number;
  readonly #now: () => number;

  /**
   * @param check does what is due and returns the monotonic time at which something may be due next; Infinity ends the watch
   */
  constructor(now: () => number, check: () => number) {
    this.#now = now;
    this.#check = check;
  }

  /** Looks again at the given time. */
  at(time: number): void {
    clearTimeout(this.#timer);
    if (time === Infinity) return;
    const delay = Math.min(Math.max(time - this.#now(), 0), 2 ** 31 - 1);
    this.#timer = setTimeout(() => this.at(this.#check()), Math.ceil(delay));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
