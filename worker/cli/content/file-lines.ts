/** The lines of a file of any size, one held at a time. */
import { closeSync, openSync, readSync } from "node:fs";
import { SourceFault } from "../../traces/read/json-places.ts";

const CHUNK_BYTES = 1024 * 1024;
/** What engines take as one text, roughly; also far above what a trace back end answers. */
const MAX_LINE_CHARACTERS = 256 * 1024 * 1024;

/** The `cause` is what the runtime threw. */
export class ReadFailure extends Error {
  override readonly name = "ReadFailure";
}

/**
 * Without their ends; bytes that are no UTF-8 become U+FFFD.
 * @throws ReadFailure; SourceFault where a line is too long
 */
export function* linesOf(path: string): Generator<string> {
  const file = attempt(() => openSync(path, "r"));
  try {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const chunk = new Uint8Array(CHUNK_BYTES);
    /** The beginning of a line whose end was not read yet. */
    let begun: string[] = [];
    let length = 0;
    for (;;) {
      const size = attempt(() => readSync(file, chunk, 0, chunk.length, null));
      const lines = decoder.decode(chunk.subarray(0, size), { stream: size > 0 }).split("\n");
      for (const [i, line] of lines.entries()) {
        begun.push(line);
        length += line.length;
        if (length > MAX_LINE_CHARACTERS) throw new SourceFault("a line of it is too long");
        if (i === lines.length - 1) break;
        yield begun.join("");
        begun = [];
        length = 0;
      }
      if (size > 0) continue;
      if (length > 0) yield begun.join("");
      return;
    }
  } finally {
    closeSync(file);
  }
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ReadFailure("the file could not be read", { cause });
  }
}
