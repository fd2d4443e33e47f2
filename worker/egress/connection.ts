/** One kept-alive connection and the pool that it belongs to. A connection carries one exchange at a time. */
import type { Socket } from "node:net";

/** What the exchange on a connection hears. */
export interface ConnectionUser {
  received(chunk: Uint8Array): void;
  /** The peer closed, or the connection failed. Called at most once. */
  closed(): void;
}

const MAX_IDLE = 256;
const IDLE_MS = 30_000;

export class Connection {
  readonly socket: Socket;
  /** Has carried an answer before: it may have died while it was idle. */
  isReused = false;
  idleUntil = 0;
  #user: ConnectionUser | null = null;
  #isDead = false;

  constructor(socket: Socket, onBytes: (count: number) => void, onDead: () => void) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => {
      onBytes(chunk.length);
      // Nobody asked: the peer and we no longer agree on where messages end.
      if (this.#user === null) this.destroy();
      else this.#user.received(chunk);
    });
    const dead = (): void => {
      if (this.#isDead) return;
      this.#isDead = true;
      onDead();
      const user = this.#user;
      this.#user = null;
      user?.closed();
      socket.destroy();
    };
    socket.on("end", dead);
    socket.on("error", dead);
    socket.on("close", dead);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  use(user: ConnectionUser | null): void {
    this.#user = user;
  }

  destroy(): void {
    this.#user = null;
    this.socket.destroy();
  }
}

/** Idle connections of one destination, the last used first. */
export class IdleConnections {
  readonly #stack: Connection[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get count(): number {
    return this.#stack.length;
  }

  take(): Connection | null {
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      if (!last.isDead && last.idleUntil > this.#now()) return last;
      last.destroy();
    }
    return null;
  }

  /** @param keepAlive the peer's `keep-alive` header: how long it keeps the connection */
  put(connection: Connection, keepAlive: string | null): void {
    if (connection.isDead) return;
    if (this.#stack.length >= MAX_IDLE) return connection.destroy();
    connection.use(null);
    connection.isReused = true;
    connection.idleUntil = this.#now() + idleMs(keepAlive);
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

  closeAll(): void {
    for (const connection of this.#stack.splice(0)) connection.destroy();
  }
}

/** A second less than the peer says, so that it does not close just as we write. */
function idleMs(keepAlive: string | null): number {
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(keepAlive ?? "")?.[1];
  if (seconds === undefined) return IDLE_MS;
  return Math.max(0, Math.min(IDLE_MS, (Number(seconds) - 1) * 1000));
}
