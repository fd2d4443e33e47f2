/**
 * Rows of the ledger as they are committed, for whoever looks on. A follower has a queue of its own that is bounded: one that is too slow
 * misses rows, and is told how many; nobody waits for it. While nobody follows, nothing is kept.
 */
import type { LedgerRow, LedgerStore } from "../db/store.ts";

/** Windows that are open at once; each costs a connection and a queue. */
const MAX_FOLLOWERS = 32;
/** A second at the pace at which a reader has long ceased to read. */
const MAX_WAITING_ROWS = 1_000;

export interface Part {
  /** In the order in which they were committed; empty: nothing happened for as long as was waited. */
  readonly rows: readonly LedgerRow[];
  /** Rows before these that did not fit into the queue. */
  readonly missed: number;
}

export interface Follower {
  /** What came since the last call, or comes within `waitMs`; null: it is over. MUST NOT be called again before it resolves. */
  next(waitMs: number): Promise<Part | null>;
  /** Safe more than once. */
  close(): void;
}

export class LiveFeed {
  readonly #queues = new Set<Queue>();
  #isClosed = false;

  /** How many follow. */
  get followers(): number {
    return this.#queues.size;
  }

  /** The same ledger's `append`, told here of each row once it is committed. */
  watch(ledger: Pick<LedgerStore, "append">): Pick<LedgerStore, "append"> {
    return {
      append: (row, responseId, charges) => {
        const committed = ledger.append(row, responseId, charges);
        if (this.#queues.size > 0) {
          committed.then(
            () => this.#publish(row),
            () => undefined,
          );
        }
        return committed;
      },
    };
  }

  /** Null: there are as many as can be. */
  follow(): Follower | null {
    if (this.#isClosed || this.#queues.size >= MAX_FOLLOWERS) return null;
    const queue: Queue = new Queue(() => this.#queues.delete(queue));
    this.#queues.add(queue);
    return queue;
  }

  /** Ends all of them: the gateway stops. */
  close(): void {
    this.#isClosed = true;
    for (const queue of [...this.#queues]) queue.close();
  }

  #publish(row: LedgerRow): void {
    for (const queue of this.#queues) queue.put(row);
  }
}

class Queue implements Follower {
  readonly #onClose: () => void;
  #rows: LedgerRow[] = [];
  #missed = 0;
  #isClosed = false;
  #wake: (() => void) | null = null;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  put(row: LedgerRow): void {
    if (this.#rows.length >= MAX_WAITING_ROWS) {
      this.#rows.shift();
      this.#missed += 1;
    }
    this.#rows.push(row);
    this.#wake?.();
  }

  async next(waitMs: number): Promise<Part | null> {
    if (this.#rows.length === 0 && !this.#isClosed) await this.#wait(waitMs);
    if (this.#isClosed) return null;
    const part = { rows: this.#rows, missed: this.#missed };
    this.#rows = [];
    this.#missed = 0;
    return part;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rows = [];
    this.#onClose();
    this.#wake?.();
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
