/**
 * Server-sent events as bytes: finds where each event ends, however the network cut it, and reads one event's fields.
 * Follows the WHATWG event stream grammar: lines end with LF, CRLF or CR; a blank line ends an event. Pure; keeps no
 * bytes. Text is Latin-1, one character a byte, so that offsets are byte offsets; JSON in it parses all the same
 * (characters above 0x7f are garbled, structure, numbers and ASCII names are not).
 */

const LF = 0x0a;
const CR = 0x0d;

/** Called for each event that ends in the chunk at hand. */
export type OnEvent = (
  /** The whole event with its blank line, also the part that came in earlier chunks. */
  text: string,
  /** Offset in the current chunk just behind the event. */
  end: number,
) => void;

/** Splits a stream of chunks into events. One per stream. */
export class SseSplitter {
  /** Text of the event that has begun and not ended. */
  #partial = "";
  #isLineStart = true;
  /** The last chunk ended with CR: an LF at the start of the next one belongs to it. */
  #endedWithCr = false;

  /** The text so far of the event that has not ended yet; empty at a boundary. */
  get partial(): string {
    return this.#partial;
  }

  /** True where the last byte pushed ended an event (or nothing was pushed). */
  get isAtBoundary(): boolean {
    return this.#partial === "";
  }

  push(text: string, onEvent: OnEvent): void {
    if (this.#endedWithCr || text.includes("\r")) this.#pushAnyEnding(text, onEvent);
    else this.#pushLf(text, onEvent);
  }

  #pushLf(text: string, onEvent: OnEvent): void {
    let from = 0;
    if (this.#isLineStart && text.charCodeAt(0) === LF) {
      from = 1;
      this.#emit(text.slice(0, 1), 1, onEvent);
    }
    for (;;) {
      const blank = text.indexOf("\n\n", from);
      if (blank < 0) break;
      const end = blank + 2;
      this.#emit(text.slice(from, end), end, onEvent);
      from = end;
      while (text.charCodeAt(from) === LF) {
        from += 1;
        this.#emit("\n", from, onEvent);
      }
    }
    if (from < text.length) {
      this.#partial += text.slice(from);
      this.#isLineStart = text.charCodeAt(text.length - 1) === LF;
    } else if (text.length > 0) {
      this.#isLineStart = true;
    }
  }

  #pushAnyEnding(text: string, onEvent: OnEvent): void {
    let from = 0;
    let at = 0;
    if (this.#endedWithCr && text.length > 0) {
      this.#endedWithCr = false;
      if (text.charCodeAt(0) === LF) at = 1;
      // Behind an event that ended with that CR, the LF is no part of the next event.
      if (at === 1 && this.#partial === "") from = 1;
    }
    while (at < text.length) {
      const code = text.charCodeAt(at);
      at += 1;
      if (code !== LF && code !== CR) {
        this.#isLineStart = false;
        continue;
      }
      if (code === CR) {
        if (at === text.length) this.#endedWithCr = true;
        else if (text.charCodeAt(at) === LF) at += 1;
      }
      if (this.#isLineStart) {
        this.#emit(text.slice(from, at), at, onEvent);
        from = at;
      }
      this.#isLineStart = true;
    }
    if (from < text.length) this.#partial += text.slice(from);
  }

  #emit(piece: string, end: number, onEvent: OnEvent): void {
    const text = this.#partial + piece;
    this.#partial = "";
    this.#isLineStart = true;
    onEvent(text, end);
  }
}

/** The value of the `event` field, or null. */
export function eventName(text: string): string | null {
  return fieldValue(text, "event");
}

/** The `data` lines joined with LF, or null if there are none (a comment, say). */
export function eventData(text: string): string | null {
  if (!text.includes("\ndata:", 1)) return fieldValue(text, "data");
  const lines: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.startsWith("data:")) lines.push(line.slice(line.charCodeAt(5) === 0x20 ? 6 : 5));
    else if (line === "data") lines.push("");
  }
  return lines.length === 0 ? null : lines.join("\n");
}

/** The first line `name: value` of the event. */
function fieldValue(text: string, name: string): string | null {
  const start = lineStart(text, `${name}:`);
  if (start < 0) return null;
  let from = start + name.length + 1;
  if (text.charCodeAt(from) === 0x20) from += 1;
  let end = from;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === LF || code === CR) break;
    end += 1;
  }
  return text.slice(from, end);
}

function lineStart(text: string, prefix: string): number {
  if (text.startsWith(prefix)) return 0;
  for (let at = text.indexOf(prefix, 1); at > 0; at = text.indexOf(prefix, at + 1)) {
    const before = text.charCodeAt(at - 1);
    if (before === LF || before === CR) return at;
  }
  return -1;
}
