/**
 * A connected stream of bytes, as the egress uses it: whatever the runtime makes it of (`plain-wire-bun.ts`, `wire-node.ts`). Types, and
 * what every wire is set to.
 */

export interface WireUser {
  received(chunk: Uint8Array): void;
  /** All that was written has left. */
  drained(): void;
  /**
   * At most once.
   * @param isOrderly the peer ended its side; false: a reset, or any other failure
   */
  ended(isOrderly: boolean): void;
}

export interface Wire {
  /** Who hears of it from now on. Called once, in the turn in which the wire is handed over. */
  listen(user: WireUser): void;
  /** Takes all of it. @returns false where some of it waits: more is welcome at `drained` */
  write(bytes: Uint8Array): boolean;
  /** Whether something that was written still waits. */
  readonly hasUnsent: boolean;
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
  /** Whether it keeps the process alive. */
  ref(): void;
  unref(): void;
  /** At once; nothing more is heard. Safe more than once. */
  destroy(): void;
}

/** A connection in the making. */
export interface Opening<Connected> {
  /** Null for every way of not getting there; the runtime's errors say more than may be told. */
  readonly connected: Promise<Connected | null>;
  destroy(): void;
}

/** A model may think for longer than a NAT remembers a silent connection (350 s at AWS). */
export const PROBE_AFTER_MS = 60_000;
