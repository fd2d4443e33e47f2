/**
 * The top-level members of a JSON object, as byte ranges of the caller's own bytes, so that a value can be exchanged
 * without re-serialising the rest (which would change numbers, order and escapes). Pure.
 */
import { Buffer } from "node:buffer";
import { latin1 } from "../bytes.ts";

/** Offsets are bytes; `end` is exclusive. */
export interface FieldSpan {
  readonly name: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Replaces `[start, end)` by `bytes`. Edits must be in ascending order and not overlap. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
/** A name of 20 characters, each written as an escape. */
const MAX_KEY_TOKEN = 6 * 20 + 2;

/**
 * Every top-level member in order, duplicates included.
 * @param text the bytes of one JSON object that `JSON.parse` has accepted, a character a byte; anything else gives nonsense.
 */
export function scanFields(text: string): FieldSpan[] {
  return scanObject(text, 0).fields;
}

/** The members of the object whose text begins at `start` (white space allowed). */
export function scanFieldsAt(bytes: Uint8Array, start: number): FieldSpan[] {
  return scanObject(latin1(bytes), start).fields;
}

/**
 * A member of the outermost object, looked for from the object's end on. Null if there is none in this part of it.
 * @param text the end of the text of a JSON object; where it begins does not matter
 */
export function findLastField(
  text: string,
  name: string,
): Pick<FieldSpan, "valueStart" | "valueEnd"> | null {
  const token = JSON.stringify(name);
  // Quotes inside of strings are escaped: the token is never a part of one.
  for (
    let at = text.lastIndexOf(token);
    at >= 0;
    at = at === 0 ? -1 : text.lastIndexOf(token, at - 1)
  ) {
    const colon = skipSpace(text, at + token.length);
    if (text.charCodeAt(colon) !== COLON) continue;
    const valueStart = skipSpace(text, colon + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (isInOutermost(text, valueEnd)) return { valueStart, valueEnd };
  }
  return null;
}

/** Whether what follows closes one object, and nothing else: that of the text. */
function isInOutermost(text: string, from: number): boolean {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (depth === 0) return code === CLOSE_BRACE && skipSpace(text, at + 1) === text.length;
      depth -= 1;
    }
  }
  return false;
}

/**
 * How often members have one of the names, at any depth, doubles included, in whatever letter case and with whatever escapes.
 * @param bytes of JSON that `JSON.parse` has accepted @param names in lower case, of 20 characters at most
 */
export function countNamed(bytes: Uint8Array, names: ReadonlySet<string>): number {
  const text = latin1(bytes);
  let count = 0;
  let end = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', end)) {
    end = stringEnd(text, at);
    if (end - at > MAX_KEY_TOKEN || text.charCodeAt(skipSpace(text, end)) !== COLON) continue;
    if (names.has(foldCase(keyName(text.slice(at, end))))) count += 1;
  }
  return count;
}

/**
 * Whether JSON has more objects, lists and members than `most`: what parsing costs goes by them, not by bytes. Counted outside of strings.
 * @param text of JSON or not; a character a byte, or not
 */
export function isIntricate(text: string, most: number): boolean {
  if (text.length <= most) return false;
  let left = most;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === COLON || code === OPEN_BRACE || code === OPEN_BRACKET) {
      left -= 1;
      if (left < 0) return true;
    }
  }
  return false;
}

/** Simple case folding as Go's encoding/json applies it to member names: ASCII plus U+017F (ſ) and U+212A (the Kelvin sign). */
export function foldCase(name: string): string {
  return name.length > 24
    ? name
    : name
        .replace(/ſ/g, "s")
        .replace(/\u212a/g, "k")
        .toLowerCase();
}

function scanObject(text: string, start: number): { fields: FieldSpan[]; end: number } {
  const fields: FieldSpan[] = [];
  let at = skipSpace(text, start) + 1;
  for (;;) {
    at = skipSpace(text, at);
    const code = text.charCodeAt(at);
    if (code !== QUOTE) return { fields, end: at + 1 };
    const keyStart = at;
    at = stringEnd(text, at);
    const name = keyName(text.slice(keyStart, at));
    const valueStart = skipSpace(text, skipSpace(text, at) + 1);
    const valueEnd = endOfValue(text, valueStart);
    fields.push({ name, keyStart, valueStart, valueEnd });
    at = skipSpace(text, valueEnd);
    if (text.charCodeAt(at) === COMMA) at += 1;
  }
}

/** Decodes escapes (`"mod\u0065l"` is `model`) and UTF-8. */
function keyName(token: string): string {
  const inner = token.slice(1, -1);
  if (/^[\w.-]*$/.test(inner)) return inner;
  const decoded: unknown = JSON.parse(Buffer.from(token, "latin1").toString("utf8"));
  return String(decoded);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

/** @returns the offset after the closing quote of the string that opens at `open` */
function stringEnd(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return endOfScalar(text, start);
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return text.length;
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 0x20) break;
    at += 1;
  }
  return at;
}

/** The bytes with the edits made, as slices of the original and the new pieces. Copies nothing. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array[] {
  if (edits.length === 0) return [bytes];
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const edit of edits) {
    if (edit.start > from) parts.push(bytes.subarray(from, edit.start));
    if (edit.bytes.length > 0) parts.push(edit.bytes);
    from = edit.end;
  }
  if (from < bytes.length) parts.push(bytes.subarray(from));
  return parts;
}
