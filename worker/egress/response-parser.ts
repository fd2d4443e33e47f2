/**
 * An HTTP/1.1 response from bytes, as they come. Pure: bytes in, calls out. Strict where leniency would let two readers
 * see two messages (RFC 9112 §6.3): two framings, unknown codings, folded headers are malformed.
 */
import { latin1 } from "../bytes.ts";
import type { HeaderList } from "../egress.ts";
import { parseHeaders } from "./response-headers.ts";

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE = 1024;
/** Of a chunk's size: far more than can be, and exact as a number. */
const MAX_SIZE_DIGITS = 12;
/** A head is looked for in pieces of this size: behind it may stand a large part of the body. */
const HEAD_WINDOW = 4 * 1024;
const CR = 0x0d;
const LF = 0x0a;

export interface ParserEvents {
  /** @param hasBody false: `end` follows at once */
  head(status: number, headers: HeaderList, hasBody: boolean): void;
  data(chunk: Uint8Array): void;
  /** The message is complete by its own framing. */
  end(): void;
  /** No valid message. Nothing more is called. */
  malformed(): void;
  /** The message ended too early. Nothing more is called. */
  cut(): void;
}

type State = "head" | "length" | "size" | "chunk" | "chunk-end" | "trailer" | "close" | "done";

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/;

export class ResponseParser {
  readonly #events: ParserEvents;
  readonly #isHead: boolean;
  #state: State = "head";
  /** Bytes of an unfinished head, size line or trailer line. */
  #pending = "";
  #remaining = 0;
  #trailerBytes = 0;
  /** Of interim answers. */
  #interimBytes = 0;
  #hasBytes = false;
  #isPersistent = false;
  #keepAlive: string | null = null;

  /** @param isHead the request's method was HEAD: there is no body, whatever the headers say */
  constructor(isHead: boolean, events: ParserEvents) {
    this.#isHead = isHead;
    this.#events = events;
  }

  /** Whether anything at all has arrived. */
  get hasBytes(): boolean {
    return this.#hasBytes;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Whether the connection may carry another request: known once the message has ended. */
  get isReusable(): boolean {
    return this.#state === "done" && this.#isPersistent;
  }

  /** The `keep-alive` header's value. */
  get keepAlive(): string | null {
    return this.#keepAlive;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#hasBytes = true;
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case "head":
          at = this.#readHead(chunk, at);
          break;
        case "length":
        case "chunk":
          at = this.#readCounted(chunk, at);
          break;
        case "size":
          at = this.#readSize(chunk, at);
          break;
        case "chunk-end":
          at = this.#readChunkEnd(chunk, at);
          break;
        case "trailer":
          at = this.#readTrailer(chunk, at);
          break;
        case "close":
          this.#events.data(at === 0 ? chunk : chunk.subarray(at));
          return;
        case "done":
          // Bytes behind the message: whatever they are, the connection is not to be trusted.
          this.#isPersistent = false;
          return;
      }
    }
  }

  /** The connection is closed. @param isOrderly by the peer's own end; a reset ends no body, whatever its framing */
  close(isOrderly: boolean): void {
    if (this.#state === "done") return;
    const state = this.#state;
    this.#state = "done";
    if (state === "close" && isOrderly) this.#events.end();
    else if (state === "head") this.#events.malformed();
    else this.#events.cut();
  }

  #readHead(chunk: Uint8Array, from: number): number {
    const to = Math.min(chunk.length, from + HEAD_WINDOW);
    const text = latin1(chunk.subarray(from, to));
    const before = this.#pending.length;
    // The end may straddle the chunks.
    const all = before === 0 ? text : this.#pending + text;
    const end = all.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end < 0) {
      this.#pending = all;
      if (all.length > MAX_HEAD_BYTES) this.#malformed();
      return to;
    }
    this.#pending = "";
    if (end > MAX_HEAD_BYTES) this.#malformed();
    else this.#parseHead(all.slice(0, end));
    return from + end + 4 - before;
  }

  #parseHead(head: string): void {
    const lineEnd = head.indexOf("\r\n");
    const statusLine = STATUS_LINE.exec(lineEnd < 0 ? head : head.slice(0, lineEnd));
    const headers = lineEnd < 0 ? [] : parseHeaders(head, lineEnd + 2);
    if (statusLine === null || headers === null) return this.#malformed();
    const status = Number(statusLine[2]);
    if (status < 200) {
      // Interim answers say nothing that we need; a switch of protocols was never asked for.
      this.#interimBytes += head.length;
      const isEndless = this.#interimBytes > MAX_HEAD_BYTES;
      if (status === 101 || status < 100 || isEndless) this.#malformed();
      return;
    }
    this.#frame(status, headers, statusLine[1] === "1");
  }

  /** RFC 9112 §6.3 */
  #frame(status: number, headers: HeaderList, isVersion11: boolean): void {
    this.#isPersistent = isVersion11;
    let length: string | null = null;
    let coding: string | null = null;
    for (const [name, value] of headers) {
      if (name === "content-length") {
        if (length !== null && length !== value) return this.#malformed();
        length = value;
      } else if (name === "transfer-encoding") {
        if (coding !== null) return this.#malformed();
        coding = value.toLowerCase();
      } else if (name === "connection") {
        if (/(?:^|,)\s*close\s*(?:,|$)/i.test(value)) this.#isPersistent = false;
      } else if (name === "keep-alive") {
        this.#keepAlive = value;
      }
    }
    if (coding !== null && (length !== null || coding !== "chunked" || !isVersion11)) {
      return this.#malformed();
    }
    if (length !== null && !/^\d{1,15}$/.test(length)) return this.#malformed();

    const hasBody =
      !this.#isHead && status !== 204 && status !== 304 && Number(length ?? "1") !== 0;
    this.#events.head(status, headers, hasBody);
    if (!hasBody) return this.#end();
    if (coding !== null) this.#state = "size";
    else if (length !== null) {
      this.#state = "length";
      this.#remaining = Number(length);
    } else {
      this.#state = "close";
      this.#isPersistent = false;
    }
  }

  #readCounted(chunk: Uint8Array, from: number): number {
    const end = Math.min(chunk.length, from + this.#remaining);
    this.#remaining -= end - from;
    this.#events.data(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end));
    if (this.#remaining === 0) {
      if (this.#state === "chunk") this.#state = "chunk-end";
      else if (this.#state === "length") this.#end();
    }
    return end;
  }

  #readSize(chunk: Uint8Array, from: number): number {
    const quick = this.#pending === "" ? readPlainSize(chunk, from) : null;
    if (quick !== null) {
      this.#beginChunk(quick.size);
      return quick.end;
    }
    const line = this.#readLine(chunk, from);
    if (line === null) return chunk.length;
    const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line.text);
    if (size === null) {
      this.#malformed();
      return chunk.length;
    }
    this.#beginChunk(Number.parseInt(size[1] ?? "", 16));
    return line.end;
  }

  #beginChunk(size: number): void {
    this.#remaining = size;
    this.#state = size === 0 ? "trailer" : "chunk";
  }

  #readChunkEnd(chunk: Uint8Array, from: number): number {
    // CRLF behind a chunk's data; it may be cut in two.
    const expected = this.#pending === "" ? CR : LF;
    if (chunk[from] !== expected) {
      this.#malformed();
      return chunk.length;
    }
    if (expected === CR) this.#pending = "\r";
    else {
      this.#pending = "";
      this.#state = "size";
    }
    return from + 1;
  }

  #readTrailer(chunk: Uint8Array, from: number): number {
    const line = this.#readLine(chunk, from);
    if (line === null) return chunk.length;
    this.#trailerBytes += line.text.length;
    if (line.text === "") this.#end();
    else if (this.#trailerBytes > MAX_HEAD_BYTES) this.#malformed();
    return line.end;
  }

  /** One line without its CRLF, or null while it is unfinished (its beginning is kept) or too long (then malformed). */
  #readLine(chunk: Uint8Array, from: number): { text: string; end: number } | null {
    const lf = chunk.indexOf(LF, from);
    const end = lf < 0 ? chunk.length : lf + 1;
    const text = this.#pending + latin1(chunk.subarray(from, end));
    const isTooLong = text.length > MAX_CHUNK_LINE;
    if (lf < 0 && !isTooLong) {
      this.#pending = text;
      return null;
    }
    this.#pending = "";
    if (isTooLong || !text.endsWith("\r\n")) {
      this.#malformed();
      return null;
    }
    return { text: text.slice(0, -2), end };
  }

  #end(): void {
    this.#state = "done";
    this.#events.end();
  }

  #malformed(): void {
    this.#state = "done";
    this.#isPersistent = false;
    this.#events.malformed();
  }
}

/** The usual size line: digits and CRLF, not cut. Null for any other, which `#readSize` then judges. */
function readPlainSize(
  chunk: Uint8Array,
  from: number,
): { readonly size: number; readonly end: number } | null {
  let size = 0;
  let at = from;
  for (let digit = hexDigit(chunk[at]); digit >= 0; digit = hexDigit(chunk[at])) {
    if (at - from === MAX_SIZE_DIGITS) return null;
    size = size * 16 + digit;
    at += 1;
  }
  return at > from && chunk[at] === CR && chunk[at + 1] === LF ? { size, end: at + 2 } : null;
}

/** -1 for what is none. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
