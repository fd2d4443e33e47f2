/** The demo's tokenizer: about four bytes a token, and the same text always gives the same count. Pure. */
import { Buffer } from "node:buffer";
import { isObject } from "../../dialects/read.ts";

const BYTES_PER_TOKEN = 4;
/** What one image, sound or file counts. */
const ATTACHMENT_TOKENS = 85;
/** What the frame around a message counts. */
export const MESSAGE_TOKENS = 3;

/** Members that hold data, not text. */
const DATA = new Set(["image_url", "input_audio", "file_data", "source", "encrypted_content"]);

export function countTextTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** Tokens of all strings in a JSON value, member names left out. */
export function countTokens(value: unknown): number {
  if (typeof value === "string") return countTextTokens(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countTokens(item), 0);
  if (!isObject(value)) return value === undefined || value === null ? 0 : 1;
  let sum = 0;
  for (const [name, member] of Object.entries(value)) {
    sum += DATA.has(name) ? ATTACHMENT_TOKENS : countTokens(member);
  }
  return sum;
}

/** Cuts a text into the tokens in which it is streamed; joined they are the text again. ASCII only. */
export function tokenize(text: string): string[] {
  return text.match(/\s*[^\s]{1,6}|\s+/g) ?? [];
}
