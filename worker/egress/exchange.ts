/**
 * One request and its answer over one connection: from the first byte written to the connection's return. The message's end
 * on the wire frees the connection; the body's end is told to the sink, maybe later: when it has started, when all is decoded.
 */
import {
  EgressError,
  type Answer,
  type AnswerBody,
  type BodySink,
  type Exchange,
  type HeaderList,
} from "../egress.ts";
import type { Connection, ConnectionUser } from "./connection.ts";
import type { Deadlines, Expiring } from "./deadlines.ts";
import {
  codingOf,
  createDecoder,
  withoutCoding,
  type Decoder,
  type DecoderUser,
} from "./decode.ts";
import type { Dial } from "./dial.ts";
import { ResponseParser, type ParserEvents } from "./response-parser.ts";
import { Uploading, type Upload } from "./upload.ts";

/** What waits here for a sink that has not been started yet. */
const MAX_EARLY_BYTES = 64 * 1024;

/** What all exchanges with one destination share. */
export interface ExchangeHome {
  /** The time for an answer's head. */
  readonly heads: Deadlines;
  sent(count: number): void;
  /** Called once for a connection. */
  release(connection: Connection, keepAlive: string | null, isReusable: boolean): void;
}

export class HttpExchange
  implements Exchange, AnswerBody, ConnectionUser, ParserEvents, DecoderUser, Expiring
{
  readonly answer: Promise<Answer>;
  readonly #home: ExchangeHome;
  readonly #pieces: readonly Uint8Array[];
  /** What follows the pieces; null: nothing does. */
  readonly #upload: Uploading | null;
  readonly #parser: ResponseParser;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: EgressError) => void;
  #dial: Dial | null = null;
  #connection: Connection | null = null;
  #wasReused = false;
  /** How many pieces the connection has taken. */
  #written = 0;
  #hasHead = false;
  #decoder: Decoder | null = null;
  #sink: BodySink | null = null;
  /** Came before `start`. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #isPaused = false;
  /** How it ends, known before the sink may be told. */
  #ending: "end" | EgressError | null = null;
  #isTold = false;

  constructor(home: ExchangeHome, pieces: readonly Uint8Array[], isHead: boolean, upload?: Upload) {
    this.#home = home;
    this.#pieces = pieces;
    this.#upload =
      upload === undefined
        ? null
        : new Uploading(upload, {
            write: (piece) => this.#writeMore(piece),
            failed: () => this.cancel(),
          });
    this.#parser = new ResponseParser(isHead, this);
    const { promise, reject, resolve } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** A connection is being made. */
  dialing(dial: Dial): void {
    this.#dial = dial;
  }

  /** Writes the request. */
  begin(connection: Connection): void {
    this.#dial = null;
    if (this.#ending !== null) return this.#home.release(connection, null, false);
    this.#connection = connection;
    this.#wasReused = connection.isReused;
    connection.use(this);
    this.#home.heads.add(this);
    this.#write(connection);
  }

  /** It goes nowhere: not allowed, or no connection could be made. */
  refuse(error: EgressError): void {
    if (this.#ending === null) this.#finish(error);
  }

  cancel(): void {
    if (this.#isTold) return;
    this.#early = [];
    this.#finish(new EgressError("cancelled"));
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) {
      // The sink may cancel at any chunk.
      if (this.#isTold) return;
      sink.data(chunk);
    }
    if (this.#isTold) return;
    if (this.#ending !== null) this.#tell(sink, this.#ending);
    else if (!this.#isPaused) this.#letFlow();
  }

  pause(): void {
    this.#isPaused = true;
    this.#hold();
  }

  resume(): void {
    this.#isPaused = false;
    this.#letFlow();
  }

  received(chunk: Uint8Array): void {
    this.#parser.push(chunk);
    if (this.#parser.isDone) this.#letGo();
  }

  drained(): void {
    // The provider's time begins when it has the request: an upload may take longer than that.
    if (!this.#hasHead) this.#home.heads.add(this);
    if (this.#connection !== null) this.#write(this.#connection);
    this.#upload?.drained();
  }

  closed(isOrderly: boolean): void {
    this.#connection = null;
    this.#upload?.stop();
    if (this.#ending !== null) return;
    if (this.#parser.hasBytes) this.#parser.close(isOrderly);
    else this.#finish(new EgressError("closed", this.#wasReused));
  }

  /** No head in time. */
  expired(): void {
    if (this.#ending === null) this.#finish(new EgressError("timeout_first_byte"));
  }

  head(status: number, headers: HeaderList, hasBody: boolean): void {
    this.#hasHead = true;
    this.#home.heads.delete(this);
    const coding = hasBody ? codingOf(headers) : null;
    if (coding !== null) this.#decoder = createDecoder(coding, this);
    this.#resolve({
      status,
      headers: coding === null ? headers : withoutCoding(headers),
      body: this,
    });
  }

  data(chunk: Uint8Array): void {
    // Cancelled in the middle of a read: the parser goes on to its end, nobody listens.
    if (this.#ending !== null) return;
    if (this.#decoder === null) this.decoded(chunk);
    else this.#decoder.write(chunk);
  }

  end(): void {
    if (this.#ending !== null) return;
    if (this.#decoder === null) this.#finish("end");
    else this.#decoder.end();
  }

  malformed(): void {
    if (this.#ending === null) this.#finish(new EgressError("malformed"));
  }

  cut(): void {
    if (this.#ending === null) this.#finish(new EgressError("cut"));
  }

  decoded(chunk: Uint8Array): void {
    if (this.#sink !== null) return this.#sink.data(chunk);
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.#hold();
  }

  decodedAll(): void {
    this.#finish("end");
  }

  undecodable(): void {
    this.#finish(new EgressError("malformed"));
  }

  full(): void {
    this.#connection?.wire.pause();
  }

  hungry(): void {
    this.#connection?.wire.resume();
  }

  #hold(): void {
    if (this.#decoder === null) this.#connection?.wire.pause();
    else this.#decoder.pause();
  }

  #letFlow(): void {
    if (this.#decoder === null) this.#connection?.wire.resume();
    else this.#decoder.resume();
  }

  #write({ wire }: Connection): void {
    while (this.#written < this.#pieces.length) {
      const piece = this.#pieces[this.#written++];
      if (piece === undefined) return;
      this.#home.sent(piece.length);
      // `drained` goes on.
      if (!wire.write(piece)) return;
    }
    this.#upload?.start();
  }

  #writeMore(piece: Uint8Array): boolean {
    const connection = this.#connection;
    if (connection === null) return true;
    if (!this.#hasHead) this.#home.heads.add(this);
    this.#home.sent(piece.length);
    return connection.wire.write(piece);
  }

  #finish(ending: "end" | EgressError): void {
    this.#ending = ending;
    if (ending !== "end") {
      this.#upload?.stop();
      this.#dial?.cancel();
      this.#decoder?.destroy();
      this.#letGo();
      if (!this.#hasHead) return this.#fail(ending);
    }
    if (this.#sink !== null) this.#tell(this.#sink, ending);
  }

  /** There is no answer. */
  #fail(error: EgressError): void {
    this.#isTold = true;
    this.#home.heads.delete(this);
    // A caller that has gone away does not look any more.
    this.answer.catch(() => undefined);
    this.#reject(error);
  }

  #tell(sink: BodySink, ending: "end" | EgressError): void {
    this.#isTold = true;
    if (ending === "end") sink.end();
    else sink.fail(ending);
  }

  /** Gives the connection back, or closes it. */
  #letGo(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    connection.use(null);
    const { wire } = connection;
    // A peer that answered before it had read all still expects the rest.
    const isSent =
      this.#written === this.#pieces.length && this.#upload?.isDone !== false && !wire.hasUnsent;
    this.#upload?.stop();
    const isReusable = isSent && this.#parser.isReusable;
    if (isReusable && wire.isPaused) wire.resume();
    this.#home.release(connection, this.#parser.keepAlive, isReusable);
  }
}
