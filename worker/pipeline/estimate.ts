/** Token counts of our own, for an answer whose provider reported none. */
import { parseJsonObject } from "../dialects/read.ts";
import { estimateTokens } from "../pricing/estimate.ts";

/** Longer strings without a space are data (images, files), not text. */
const MAX_WORD = 4096;

/** Input tokens of a request: all its strings, without embedded data. */
export async function estimateInput(requestBytes: Uint8Array): Promise<number> {
  const json = parseJsonObject(new TextDecoder().decode(requestBytes));
  const strings: string[] = [];
  collectStrings(json, strings);
  return estimateTokens(strings.join("\n"));
}

export async function estimateOutput(text: string): Promise<number> {
  return estimateTokens(text);
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
