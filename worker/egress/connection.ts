/** One kept-alive connection, and those of a destination that wait for their next request. A connection carries one exchange at a time. */
import type { Wire } from "./wire.ts";

/** What the exchange on a connection hears. */
export interface ConnectionUser {
  received(chunk: Uint8Array): void;
  /** What was written has left; there is room for more. */
  drained(): void;
  /**
   * Called at most once.
   * @param isOrderly the peer ended its side; false: a reset, or any other failure
   */
  closed(isOrderly: boolean): void;
}

/** Under a burst beyond this, every round would open and close the rest anew: 0.3 ms each. */
const MAX_IDLE = 1_024;
const IDLE_MS = 30_000;

export class Connection {
  readonly wire: Wire;
  /** Has carried an answer before: it may have died while it was idle. */
  isReused = false;
  idleUntil = 0;
  readonly #onDead: () => void;
  #user: ConnectionUser | null = null;
  #isDead = false;

  constructor(wire: Wire, onBytes: (count: number) => void, onDead: () => void) {
    this.wire = wire;
    this.#onDead = onDead;
    wire.listen({
      received: (chunk) => {
        onBytes(chunk.length);
        // Nobody asked: the peer and we no longer agree on where messages end.
        if (this.#user === null) this.destroy();
        else this.#user.received(chunk);
      },
      drained: () => this.#user?.drained(),
      ended: (isOrderly) => {
        this.#die();
        const user = this.#user;
        this.#user = null;
        user?.closed(isOrderly);
      },
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  use(user: ConnectionUser | null): void {
    this.#user = user;
  }

  destroy(): void {
    this.#user = null;
    this.wire.destroy();
    this.#die();
  }

  #die(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#onDead();
  }
}

/** Idle connections of one destination, the last used first. They don't keep the process alive. */
export class IdleConnections {
  readonly #stack: Connection[] = [];
  readonly #now: () => number;
  #isClosed = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  get count(): number {
    return this.#stack.length;
  }

  take(): Connection | null {
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      if (!last.isDead && last.idleUntil > this.#now()) {
        last.wire.ref();
        return last;
      }
      last.destroy();
    }
    return null;
  }

  /** @param keepAlive the peer's `keep-alive` header: how long it keeps the connection */
  put(connection: Connection, keepAlive: string | null): void {
    const ms = idleMs(keepAlive);
    if (connection.isDead || this.#isClosed || ms === 0 || this.#stack.length >= MAX_IDLE) {
      return connection.destroy();
    }
    connection.use(null);
    connection.isReused = true;
    connection.idleUntil = this.#now() + ms;
    connection.wire.unref();
    this.#stack.push(connection);
  }

  remove(connection: Connection): void {
    const at = this.#stack.indexOf(connection);
    if (at >= 0) this.#stack.splice(at, 1);
  }

  /** Closes those whose time is over. */
  sweep(): void {
    const now = this.#now();
    for (const connection of [...this.#stack]) {
      if (connection.idleUntil > now) continue;
      this.remove(connection);
      connection.destroy();
    }
  }

  /** Closes all. */
  clear(): void {
    for (const connection of this.#stack.splice(0)) connection.destroy();
  }

  /** Closes all, and whatever is given back later. */
  close(): void {
    this.#isClosed = true;
    this.clear();
  }
}

/** A second less than the peer says, so that it does not close just as we write. */
function idleMs(keepAlive: string | null): number {
  if (keepAlive === null) return IDLE_MS;
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  if (seconds === undefined) return IDLE_MS;
  return Math.max(0, Math.min(IDLE_MS, (Number(seconds) - 1) * 1000));
}
