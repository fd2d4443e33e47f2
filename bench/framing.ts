/**
 * Just enough HTTP/1.1 to find where a message ends on a keep-alive connection with one message under way at a time.
 * For benchmark peers that are known to be well-formed: not a parser for strangers' bytes.
 */
import { Buffer } from "node:buffer";

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = "\r\n0\r\n\r\n";

export interface MessageHead {
  /** The request or status line. */
  readonly line: string;
  /** Body bytes by content-length; null where the body is chunked. */
  readonly length: number | null;
}

export type Framing =
  | { readonly state: "more" }
  /** The message is whole. `body` is as on the wire, chunk framing included; null unless it was to be kept. */
  | { readonly state: "done"; readonly head: MessageHead; readonly body: Buffer | null };

const MORE: Framing = { state: "more" };

function parseHead(text: string): MessageHead {
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(text);
  const line = text.slice(0, text.indexOf("\r\n"));
  return { line, length: isChunked ? null : Number(length ?? 0) };
}

export interface MessageReader {
  /** Takes the bytes that came; after `done` the next message begins. */
  push(bytes: Buffer): Framing;
  /** True once any byte of the body has come, until the message is done. */
  hasBody(): boolean;
}

export function createMessageReader(keepBody: boolean): MessageReader {
  let early: Buffer | null = null;
  let head: MessageHead | null = null;
  let seen = 0;
  let tail = "";
  let parts: Buffer[] = [];

  function body(bytes: Buffer, current: MessageHead): Framing {
    seen += bytes.length;
    if (keepBody) parts.push(bytes);
    if (current.length === null) {
      tail = (tail + bytes.toString("latin1", Math.max(0, bytes.length - 7))).slice(-7);
      // The head's own line end may be the one before a body of no chunk at all.
      if (tail !== LAST_CHUNK && !(seen === 5 && tail === "0\r\n\r\n")) return MORE;
    } else if (seen < current.length) {
      return MORE;
    }
    const whole = keepBody ? (parts.length === 1 ? bytes : Buffer.concat(parts)) : null;
    head = null;
    seen = 0;
    tail = "";
    parts = [];
    return { state: "done", head: current, body: whole };
  }

  return {
    push(bytes) {
      if (head !== null) return body(bytes, head);
      const all = early === null ? bytes : Buffer.concat([early, bytes]);
      const end = all.indexOf(HEAD_END);
      if (end < 0) {
        early = Buffer.from(all);
        return MORE;
      }
      early = null;
      head = parseHead(all.toString("latin1", 0, end + 2));
      return body(all.subarray(end + HEAD_END.length), head);
    },
    hasBody: () => seen > 0,
  };
}
