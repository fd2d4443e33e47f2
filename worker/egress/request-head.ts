/** A request as bytes. What could end a line early, and so smuggle a header or a request, is refused. */
import { Buffer } from "node:buffer";
import { EgressError, type HeaderList } from "../egress.ts";

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const BAD_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const PATH = /^\/[\x21-\x7e]*$/;
/** Ours alone: about the connection and the message's frame, not about what is asked. */
const FRAMING =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|proxy-connection|te|trailer|upgrade|expect)$/i;
/** Up to this, head and body go out in one write. */
const ONE_WRITE_BYTES = 16 * 1024;
/** Larger bodies go out in slices, so that it shows whether the peer still takes them. */
const SLICE_BYTES = 64 * 1024;

export interface RequestParts {
  readonly method: string;
  /** `api.openai.com` or `127.0.0.1:8080` */
  readonly host: string;
  readonly pathAndQuery: string;
  readonly headers: HeaderList;
  readonly body: readonly Uint8Array[];
  /** Of a body that follows; null: its size is not known. */
  readonly sizeBytes?: number | null | undefined;
}

/**
 * @returns the pieces to write, in order
 * @throws EgressError `refused` for a character that may not stand where it does
 */
export function encodeRequest(parts: RequestParts): Uint8Array[] {
  const { body, headers, host, method, pathAndQuery, sizeBytes } = parts;
  if (!PATH.test(pathAndQuery) || !NAME.test(method)) throw new EgressError("refused");
  let length = 0;
  for (const piece of body) length += piece.length;
  let head = `${method} ${pathAndQuery} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const [name, value] of headers) {
    if (!NAME.test(name) || BAD_IN_VALUE.test(value)) throw new EgressError("refused");
    if (!FRAMING.test(name)) head += `${name}: ${value}\r\n`;
  }
  if (sizeBytes === null) head += "transfer-encoding: chunked\r\n";
  else if (sizeBytes !== undefined || length > 0 || method === "POST") {
    head += `content-length: ${sizeBytes ?? length}\r\n`;
  }
  head += "connection: keep-alive\r\n\r\n";
  if (head.length + length > ONE_WRITE_BYTES) {
    return [Buffer.from(head, "latin1"), ...body.flatMap(slices)];
  }
  const whole = Buffer.allocUnsafe(head.length + length);
  let at = whole.write(head, 0, "latin1");
  for (const piece of body) {
    whole.set(piece, at);
    at += piece.length;
  }
  return [whole];
}

/** Views, no copies. */
function slices(piece: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < piece.length; at += SLICE_BYTES) {
    found.push(piece.subarray(at, at + SLICE_BYTES));
  }
  return found;
}
