/**
 * The body of an answer on its way to the client: a ReadableStream that we own, with back-pressure and an end that is
 * either clean or visibly broken. Knows nothing of events or rows.
 */

/** Bytes that may wait for a slow client before the upstream is paused. */
const HIGH_WATER_BYTES = 64 * 1024;
/** How long a broken stream may wait for its last bytes to be read. */
const BREAK_LIMIT_MS = 30_000;

/**
 * What a stream is broken with. One constant: the runtime may print it, and an error made at the failure would carry
 * addresses or content into the log.
 */
const BROKEN = Object.freeze(
  Object.assign(new Error("stream broken off by the gateway"), { stack: "" }),
);

/** Sees what the client is given. */
export interface ClientObserver {
  /** In the order they are given. */
  wrote(bytes: Uint8Array): void;
  /** Nothing more will be written. Called once. */
  ended(): void;
}

export interface ClientStreamEvents {
  /** The client wants more after `write` returned false. */
  resume(): void;
  /** The client is gone. Called once, and not after `close` or `breakOff`. */
  hangUp(): void;
}

export class ClientStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #events: ClientStreamEvents;
  #observer: ClientObserver | null;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #waitingBytes = 0;
  #isPaused = false;
  #state: "open" | "breaking" | "ended" = "open";

  constructor(events: ClientStreamEvents, observer: ClientObserver | null) {
    this.#events = events;
    this.#observer = observer;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pulled(),
        cancel: () => this.#cancelled(),
      },
      { highWaterMark: 0 },
    );
  }

  /** True until `close`, `breakOff` or the client's hang-up. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The client has not read what waits for it. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** @returns false when the client is behind: pause the source until `resume` is called */
  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open" || bytes.length === 0) return !this.#isPaused;
    this.#controller?.enqueue(bytes);
    this.#observer?.wrote(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > HIGH_WATER_BYTES) this.#isPaused = true;
    return !this.#isPaused;
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#controller?.close();
    this.#ended();
  }

  /**
   * Ends the connection so that the client can't take the answer for whole. What was written before is delivered
   * first: an error right behind an `enqueue` would make the runtime drop it, so one turn of the timers lies between.
   */
  breakOff(): void {
    if (this.#state !== "open") return;
    this.#state = "breaking";
    this.#ended();
    setTimeout(() => this.#tryBreak(), 0);
    const limit = setTimeout(() => this.#error(), BREAK_LIMIT_MS);
    if (typeof limit === "object") limit.unref();
  }

  /** The client hung up, as the request's own signal tells it. */
  abort(): void {
    this.#cancelled();
  }

  #pulled(): void {
    this.#waitingBytes = 0;
    if (this.#state === "breaking") setTimeout(() => this.#error(), 0);
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#events.resume();
  }

  #tryBreak(): void {
    // With nothing queued, no read of the client stands between it and the break.
    if (this.#controller?.desiredSize === 0) this.#error();
  }

  #error(): void {
    if (this.#state !== "breaking") return;
    this.#state = "ended";
    this.#controller?.error(BROKEN);
  }

  #cancelled(): void {
    const wasOpen = this.#state === "open";
    this.#state = "ended";
    if (!wasOpen) return;
    this.#events.hangUp();
    this.#ended();
  }

  #ended(): void {
    this.#observer?.ended();
    this.#observer = null;
  }
}
