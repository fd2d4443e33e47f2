/**
 * Token counts of our own, where a provider reports none: `estimateTokens` by a real tokenizer (OpenAI's o200k; other makers'
 * models count differently), `roughTokens` by size alone. Neither is ever taken for a provider's word.
 *
 * The tokenizer is some 90 MB in memory, and loading it blocks the event loop for about half a second, once: it is loaded at the
 * first estimate, since most gateways never make one. After that its CPU is bounded: at most 64 KiB of a text are read, in
 * pieces of under a millisecond, one piece a turn of the event loop, over all estimates together. Its cache of words is off:
 * a cache must not hold content.
 */
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";

/** Of a longer text as much as this is read, spread evenly, and the rest inferred. */
const MAX_BYTES = 65_536;
/**
 * Merging takes the square of a word's length, and a hostile "word" has no end: a piece this small bounds it (measured: 0.7 ms).
 * Text outside ASCII costs about three times as much a character, and is weighed so. A cut adds one token at most.
 */
const PIECE_BYTES = 512;
const PIECES = MAX_BYTES / PIECE_BYTES;
/** A piece ends at a space if there is one this near its end, since a space belongs to the word behind it. */
const WORD_REACH = 48;

/**
 * Divisor of `roughTokens`. Bytes a token, measured with o200k: English 4.0, code 3.9, Chinese 4.1, Russian 8.5, dense JSON 2.8,
 * base64 1.5. Three errs upwards for text, and leaves room for the tokenizers that count more.
 */
const BYTES_PER_TOKEN = 3;

/** A quick guess from a body's size, rather too high than too low. Embedded images count far too much. */
export function roughTokens(byteLength: number): number {
  return Math.ceil(byteLength / BYTES_PER_TOKEN);
}

type CountTokens = (text: string) => number;

let loading: Promise<CountTokens> | null = null;
/** The estimate that runs, and those that wait for it. */
let queue: Promise<unknown> = Promise.resolve();

/** Never rejects. Whatever stands in the text is text: markers such as `<|endoftext|>` have no meaning. */
export function estimateTokens(text: string): Promise<number> {
  if (text === "") return Promise.resolve(0);
  const estimate = queue.then(() => countInTurns(text));
  queue = estimate;
  return estimate;
}

async function countInTurns(text: string): Promise<number> {
  const bytes = Buffer.byteLength(text);
  let count: CountTokens;
  try {
    count = await (loading ??= loadTokenizer());
  } catch {
    // The package is broken or gone. An answer is still billed.
    return roughTokens(bytes);
  }
  const isWhole = bytes <= MAX_BYTES;
  const stride = text.length / PIECES;
  let tokens = 0;
  let read = 0;
  for (let from = 0, piece = 1; from < text.length; piece++) {
    const next = isWhole ? text.length : Math.floor(piece * stride);
    const end = pieceEnd(text, from, next);
    tokens += count(text.slice(from, end));
    read += end - from;
    from = isWhole ? end : next;
    if (from < text.length) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return Math.ceil((tokens * text.length) / read);
}

/** Where a piece that begins at `from` ends: behind `from`, at `limit` at the latest, not inside a surrogate pair. */
export function pieceEnd(text: string, from: number, limit: number): number {
  let end = from;
  for (let weight = 0; end < limit; end++) {
    weight += text.charCodeAt(end) < 0x80 ? 1 : 3;
    if (weight > PIECE_BYTES) break;
  }
  if (end === limit) return end;
  const space = text.lastIndexOf(" ", end);
  if (space > from && space > end - WORD_REACH) return space;
  const isHighSurrogate = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return isHighSurrogate && end - 1 > from ? end - 1 : end;
}

async function loadTokenizer(): Promise<CountTokens> {
  const { countTokens, setMergeCacheSize } = await import("gpt-tokenizer/encoding/o200k_base");
  setMergeCacheSize(0);
  // By default the tokenizer throws at its own special tokens, and quotes them.
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => {
    try {
      return countTokens(text, options);
    } catch {
      // Its errors quote the text.
      return roughTokens(Buffer.byteLength(text));
    }
  };
}
