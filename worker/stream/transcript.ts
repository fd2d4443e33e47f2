/**
 * The bytes of an answer as they passed, kept by reference until the attempt is settled, up to a bound.
 * Read only when the provider reported no usage.
 */
import { latin1 } from "../bytes.ts";
import { parseJsonObject } from "../dialects/read.ts";
import type { Wire } from "../dialects/wire.ts";
import { eventData, SseSplitter } from "./sse.ts";

const MAX_BYTES = 4 * 1024 * 1024;

export class Transcript {
  readonly #chunks: Uint8Array[] = [];
  readonly #onFirst: (() => void) | undefined;
  #bytes = 0;

  /** @param onFirst called at the first byte */
  constructor(onFirst?: () => void) {
    this.#onFirst = onFirst;
  }

  add(chunk: Uint8Array): void {
    if (this.#bytes === 0) this.#onFirst?.();
    if (this.#bytes < MAX_BYTES) this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** What the model wrote, of a stream of events. */
  streamedText(wire: Wire): string {
    const decoder = new TextDecoder();
    const splitter = new SseSplitter();
    let text = "";
    for (const chunk of this.#chunks) {
      splitter.push(decoder.decode(chunk, { stream: true }), (event) => {
        const json = parseJsonObject(eventData(event));
        if (json !== null) text += wire.outputText(json);
      });
    }
    return text;
  }

  /** What the model wrote, of one JSON object. */
  wholeText(wire: Wire): string {
    const json = parseJsonObject(new TextDecoder().decode(joinBytes(this.#chunks)));
    return json === null ? this.#chunks.map(latin1).join("") : wire.outputText(json);
  }
}

export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
