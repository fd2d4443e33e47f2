/** The header lines of a response, strictly (RFC 9112 §5): names are tokens, nothing is folded, no control characters. Pure. */
import type { HeaderList } from "../egress.ts";

const MAX_HEADERS = 500;
const COLON = 0x3a;

/** What a byte may be part of: 1 a name, 2 a value. One look-up a byte is a third of what two patterns a line cost. */
const CLASSES = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  const character = String.fromCharCode(code);
  if (/[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(character)) CLASSES[code] = 1;
  if (/[\t\x20-\x7e\x80-\xff]/.test(character)) CLASSES[code] = (CLASSES[code] ?? 0) | 2;
}

/**
 * @param head one character a byte, lines ended by CRLF, the last one without it
 * @param from where the first header begins
 * @returns names in lower case, in order; null if it is not well-formed
 */
export function parseHeaders(head: string, from: number): HeaderList | null {
  const headers: (readonly [string, string])[] = [];
  let at = from;
  while (at < head.length) {
    if (headers.length === MAX_HEADERS) return null;
    const lineEnd = head.indexOf("\r\n", at);
    const end = lineEnd < 0 ? head.length : lineEnd;
    let colon = at;
    while (colon < end && isOf(1, head, colon)) colon += 1;
    if (colon === at || colon === end || head.charCodeAt(colon) !== COLON) return null;
    for (let i = colon + 1; i < end; i++) if (!isOf(2, head, i)) return null;
    headers.push([head.slice(at, colon).toLowerCase(), trimBlanks(head, colon + 1, end)]);
    at = end + 2;
  }
  return headers;
}

function isOf(kind: 1 | 2, text: string, at: number): boolean {
  return ((CLASSES[text.charCodeAt(at)] ?? 0) & kind) !== 0;
}

/** Spaces and tabs only: `trim` also takes away what belongs to the value, such as a Latin-1 no-break space. */
function trimBlanks(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
