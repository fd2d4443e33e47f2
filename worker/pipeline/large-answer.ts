/**
 * Facts of a JSON answer that is too large to parse while others wait (embeddings, images): the `usage` object and the
 * model's name are found in its text. Quotes inside JSON strings are escaped, so `"usage":` is always a member's name.
 */
import { latin1 } from "../bytes.ts";
import { parseJsonObject } from "../dialects/read.ts";
import type { AnswerFacts, Wire } from "../dialects/wire.ts";

/** From this size on, parsing would hold up other streams for milliseconds. */
export const LARGE_ANSWER_BYTES = 256 * 1024;
const END_BYTES = 64 * 1024;

/** @param head beginning of the answer @param tail its end; they may overlap */
export function readLargeAnswer(wire: Wire, head: Uint8Array, tail: Uint8Array): AnswerFacts {
  const beginning = latin1(head.subarray(0, END_BYTES));
  const ending = latin1(tail.subarray(-END_BYTES));
  const usage = lastObject(ending, '"usage"') ?? lastObject(beginning, '"usage"');
  const model = /"model"\s*:\s*"([^"\\]{1,256})"/;
  const name = model.exec(beginning)?.[1] ?? model.exec(ending)?.[1];
  return wire.readAnswer({
    ...(usage === null ? {} : { usage }),
    ...(name === undefined ? {} : { model: name }),
  });
}

/** The object that follows the last occurrence of the member's name. */
function lastObject(text: string, name: string) {
  const at = text.lastIndexOf(name);
  const open = at < 0 ? -1 : text.indexOf("{", at);
  if (open < 0) return null;
  let depth = 0;
  for (let end = open; end < text.length; end++) {
    const char = text[end];
    if (char === "{") depth += 1;
    if (char === "}" && --depth === 0) return parseJsonObject(text.slice(open, end + 1));
  }
  return null;
}
