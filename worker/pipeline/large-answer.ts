/**
 * Facts of a JSON answer that is too large to parse while others wait (embeddings, images, what repeats a long request): the members that
 * say what it was and what it used are found in its beginning and its end. Only members of the outermost object count: answers repeat what
 * callers wrote (`metadata`, `tools`), and a caller may call something `usage` or `model`, too.
 */
import { findLastField, scanFields, type FieldSpan } from "../body/fields.ts";
import { latin1 } from "../bytes.ts";
import type { JsonObject } from "../dialects/read.ts";
import type { AnswerFacts, Wire } from "../dialects/wire.ts";

/** From this size on, parsing would hold up other streams for milliseconds. */
export const LARGE_ANSWER_BYTES = 256 * 1024;
const END_BYTES = 64 * 1024;
const MEMBERS = ["id", "model", "service_tier", "status", "usage"];

/** @param head beginning of the answer @param tail its end; they may overlap */
export function readLargeAnswer(wire: Wire, head: Uint8Array, tail: Uint8Array): AnswerFacts {
  const beginning = latin1(head.subarray(0, END_BYTES));
  const ending = latin1(tail.subarray(-END_BYTES));
  const first = firstFields(beginning);
  const json: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    const early = first.get(name);
    const late = early === undefined ? findLastField(ending, name) : null;
    if (early !== undefined)
      readInto(json, name, beginning.slice(early.valueStart, early.valueEnd));
    else if (late !== null) readInto(json, name, ending.slice(late.valueStart, late.valueEnd));
  }
  return wire.readAnswer(json);
}

/** Those that end in this part; none of what is no JSON. */
function firstFields(beginning: string): ReadonlyMap<string, FieldSpan> {
  if (!/^\s*\{/.test(beginning)) return new Map();
  try {
    const whole = scanFields(beginning).filter(({ valueEnd }) => valueEnd < beginning.length);
    return new Map(whole.map((field) => [field.name, field]));
  } catch {
    return new Map();
  }
}

/** What was cut in the middle is left out. */
function readInto(json: Record<string, JsonObject[string]>, name: string, text: string): void {
  try {
    json[name] = JSON.parse(text);
  } catch {
    // The runtime's error quotes the text.
  }
}
