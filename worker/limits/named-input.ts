/**
 * What a request names instead of bringing it along: pictures and documents at an address, or in the provider's files. The request's size says
 * nothing of what they cost. Pure.
 */
import { isObject, type JsonObject } from "../dialects/read.ts";

/**
 * For each, a guess: more than a picture takes with most models (GPT-4o: 765 for 1,024 × 1,024 pixels), less than with those that count
 * it many times over (gpt-4o-mini: 8,500 for a small one, at a low price). Of a document's pages nothing is known.
 */
const TOKENS_EACH = 4_096;

/** Parts of messages that are pictures or files, in all dialects. */
const PARTS: ReadonlySet<unknown> = new Set([
  "image_url",
  "input_image",
  "image",
  "input_file",
  "file",
  "document",
]);
/** Members by which a part names what it does not bring. */
const ADDRESSES = ["url", "image_url", "file_url"] as const;

/** Tokens to reserve for what the body names. */
export function namedInputTokens(body: JsonObject): number {
  let parts = 0;
  // Bodies are as deep as callers like: no recursion.
  const waiting: unknown[] = [body["messages"], body["input"], body["system"]];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) for (const each of value) waiting.push(each);
    if (!isObject(value)) continue;
    if (PARTS.has(value["type"]) && isNamed(value)) parts += 1;
    for (const name in value) waiting.push(value[name]);
  }
  return parts * TOKENS_EACH;
}

/** By itself, or by the object in it: `image_url`, `file`, `source`. */
function isNamed(part: JsonObject): boolean {
  const holders = [part, part["image_url"], part["file"], part["source"]].filter(isObject);
  return holders.some(
    (holder) =>
      typeof holder["file_id"] === "string" ||
      ADDRESSES.some((name) => {
        const address = holder[name];
        return typeof address === "string" && !/^data:/i.test(address);
      }),
  );
}
