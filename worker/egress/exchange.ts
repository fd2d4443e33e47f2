/** One request and its answer over one connection: from the first byte written to the connection's return. */
import type { Socket } from "node:net";
import {
  EgressError,
  type Answer,
  type AnswerBody,
  type BodySink,
  type Exchange,
  type HeaderList,
} from "../egress.ts";
import type { Connection, ConnectionUser } from "./connection.ts";
import { codingOf, createDecoder, withoutCoding, type Decoder } from "./decode.ts";
import type { Dial } from "./dial.ts";
import { ResponseParser, type ParserEvents } from "./response-parser.ts";

/** What waits here for a sink that has not been started yet. */
const MAX_EARLY_BYTES = 64 * 1024;

export interface ExchangeOptions {
  readonly pieces: readonly Uint8Array[];
  readonly isHead: boolean;
  readonly firstByteMs: number;
  /** Called once: the connection is free again, or (null) gone. */
  release(connection: Connection, keepAlive: string | null, isReusable: boolean): void;
}

export class HttpExchange implements Exchange, AnswerBody, ConnectionUser, ParserEvents {
  readonly answer: Promise<Answer>;
  readonly #options: ExchangeOptions;
  readonly #parser: ResponseParser;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (error: EgressError) => void = () => undefined;
  #dial: Dial | null = null;
  #connection: Connection | null = null;
  #firstByteTimer: ReturnType<typeof setTimeout> | undefined;
  #hasHead = false;
  #wasReused = false;
  #isOver = false;
  #decoder: Decoder | null = null;
  #sink: BodySink | null = null;
  /** What came before `start`; `null` marks the end. */
  #early: (Uint8Array | EgressError | null)[] = [];
  #earlyBytes = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#parser = new ResponseParser(options.isHead, this);
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A caller that has gone away does not look any more.
    this.answer.catch(() => undefined);
  }

  /** A connection is being made. */
  dialing(dial: Dial): void {
    this.#dial = dial;
  }

  /** Writes the request. */
  begin(connection: Connection): void {
    this.#dial = null;
    if (this.#isOver) {
      this.#options.release(connection, null, false);
      return;
    }
    this.#connection = connection;
    connection.use(this);
    const { socket } = connection;
    for (const piece of this.#options.pieces) socket.write(piece);
    this.#firstByteTimer = setTimeout(() => {
      this.#fail(new EgressError("timeout_first_byte"));
    }, this.#options.firstByteMs);
  }

  /** No connection could be made. */
  refuse(error: EgressError): void {
    this.#fail(error);
  }

  cancel(): void {
    // Before the error is made: an exchange that is over is the usual case.
    if (this.#isOver) return;
    this.#fail(new EgressError("cancelled"));
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = [];
    for (const item of early) {
      if (item === null) sink.end();
      else if (item instanceof EgressError) sink.fail(item);
      else sink.data(item);
    }
    this.#socket?.resume();
  }

  pause(): void {
    if (this.#decoder === null) this.#socket?.pause();
    else this.#decoder.pause();
  }

  resume(): void {
    if (this.#decoder === null) this.#socket?.resume();
    else this.#decoder.resume();
  }

  received(chunk: Uint8Array): void {
    if (this.#firstByteTimer !== undefined) {
      clearTimeout(this.#firstByteTimer);
      this.#firstByteTimer = undefined;
    }
    this.#parser.push(chunk);
    if (this.#isOver) this.#letGo();
  }

  closed(): void {
    this.#connection = null;
    if (this.#isOver) return;
    if (this.#parser.hasBytes) this.#parser.close();
    else this.#fail(new EgressError("closed", this.#wasReused));
  }

  head(status: number, headers: HeaderList): void {
    this.#hasHead = true;
    const coding = codingOf(headers);
    if (coding !== null) {
      this.#decoder = createDecoder(
        coding,
        {
          data: (chunk) => this.#deliver(chunk),
          end: () => this.#deliverEnd(null),
          fail: (error) => this.#deliverEnd(error),
        },
        { pause: () => this.#socket?.pause(), resume: () => this.#socket?.resume() },
      );
    }
    this.#resolve({
      status,
      headers: coding === null ? headers : withoutCoding(headers),
      body: this,
    });
  }

  data(chunk: Uint8Array): void {
    // Cancelled in the middle of a read: the parser goes on to its end, nobody listens.
    if (this.#isOver) return;
    if (this.#decoder === null) this.#deliver(chunk);
    else this.#decoder.data(chunk);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#decoder === null) this.#deliverEnd(null);
    else this.#decoder.end();
  }

  malformed(): void {
    this.#fail(new EgressError("malformed"));
  }

  cut(): void {
    this.#fail(new EgressError("cut"));
  }

  /** @param isReused the connection had carried an answer before */
  markReused(isReused: boolean): void {
    this.#wasReused = isReused;
  }

  get #socket(): Socket | undefined {
    return this.#connection?.socket;
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#sink !== null) return this.#sink.data(chunk);
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.#socket?.pause();
  }

  #deliverEnd(error: EgressError | null): void {
    if (this.#sink === null) this.#early.push(error);
    else if (error === null) this.#sink.end();
    else this.#sink.fail(error);
  }

  #fail(error: EgressError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dial?.cancel();
    this.#letGo();
    if (!this.#hasHead) this.#reject(error);
    else if (this.#decoder === null) this.#deliverEnd(error);
    else this.#decoder.fail(error);
  }

  /** Gives the connection back, or closes it. */
  #letGo(): void {
    clearTimeout(this.#firstByteTimer);
    this.#firstByteTimer = undefined;
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    connection.use(null);
    // A peer that answered before it had read all still expects the rest.
    const isReusable = this.#parser.isReusable && connection.socket.writableLength === 0;
    if (isReusable) connection.socket.resume();
    this.#options.release(connection, this.#parser.keepAlive, isReusable);
  }
}
