/** What of a request counts as input, where the provider did not say: all its strings, without embedded data. */
import { parseJsonObject } from "../dialects/read.ts";

/** Longer strings without a space are data (images, files), not text. */
const MAX_WORD = 4096;

/** @param requestBytes a JSON object */
export function inputText(requestBytes: Uint8Array): string {
  const strings: string[] = [];
  collectStrings(parseJsonObject(new TextDecoder().decode(requestBytes)), strings);
  return strings.join("\n");
}

function collectStrings(value: unknown, into: string[]): void {
  if (typeof value === "string") {
    if (value.length <= MAX_WORD || value.slice(0, MAX_WORD).includes(" ")) into.push(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collectStrings(item, into);
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) collectStrings(item, into);
  }
}
