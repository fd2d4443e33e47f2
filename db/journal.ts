/**
 * The open-attempt journal: what is about to be sent, one line an attempt, written before it is sent. A line costs one
 * `write` and no sync: it survives the death of the process, not that of the machine.
 *
 * Lines are never changed. A segment whose attempts all have their row is deleted when it is full; what a dead process left is
 * read once at the next start. An attempt that has its row by then is given out all the same: the ledger knows it.
 */
import { Buffer } from "node:buffer";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AttemptJournal, OpenAttempt } from "./store.ts";

const SEGMENT_BYTES = 4 * 1024 * 1024;
const SUFFIX = ".jsonl";

interface Segment {
  readonly path: string;
  readonly file: number;
  size: number;
  open: number;
}

export interface JournalFiles extends AttemptJournal {
  /** At the end of the process. A segment with nothing open goes; one with open attempts stays for `recover`. */
  closeFiles(): void;
}

/**
 * @param dir made if it is not there; MUST belong to this process alone (the data directory's lock sees to that)
 */
export function openJournal(dir: string): JournalFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const left = readdirSync(dir)
    .filter((name) => name.endsWith(SUFFIX))
    .sort();
  const run = `${Date.now().toString(36)}-${process.pid}`;
  const segments = new Map<number, Segment>();
  let current = -1;
  let isTorn = false;

  function begin(): Segment {
    const slot = current + 1;
    const path = join(dir, `${run}-${String(slot).padStart(8, "0")}${SUFFIX}`);
    const segment: Segment = { path, file: openSync(path, "ax", 0o600), size: 0, open: 0 };
    segments.set(slot, segment);
    const full = segments.get(current);
    const before = current;
    current = slot;
    if (full !== undefined && full.open === 0) drop(before, full);
    return segment;
  }

  function drop(slot: number, segment: Segment): void {
    segments.delete(slot);
    closeSync(segment.file);
    rmSync(segment.path, { force: true });
  }

  return {
    open(attempt) {
      const last = segments.get(current);
      const segment = last === undefined || last.size >= SEGMENT_BYTES ? begin() : last;
      // Behind half a line a new one must begin.
      const line = `${isTorn ? "\n" : ""}${encode(attempt)}\n`;
      isTorn = true;
      const written = writeSync(segment.file, line);
      segment.size += written;
      if (written < Buffer.byteLength(line)) throw new Error("journal: short write");
      isTorn = false;
      segment.open += 1;
      return current;
    },

    close(slot) {
      const segment = segments.get(slot);
      if (segment === undefined) return;
      segment.open -= 1;
      if (segment.open === 0 && slot !== current) drop(slot, segment);
    },

    async recover() {
      const attempts = left.flatMap((name) => readSegment(join(dir, name)));
      return {
        attempts,
        done: async () => {
          for (const name of left) rmSync(join(dir, name), { force: true });
        },
      };
    },

    closeFiles() {
      for (const [slot, segment] of segments) {
        if (segment.open === 0) drop(slot, segment);
        else closeSync(segment.file);
      }
      segments.clear();
    },
  };
}

/** The order of the members in a line. */
const MEMBERS = [
  "timeMs",
  "traceId",
  "attempt",
  "session",
  "user",
  "team",
  "attribution",
  "keyId",
  "credential",
  "endpoint",
  "dialect",
  "provider",
  "modelRequested",
  "modelUpstream",
  "stream",
  "inputTokens",
] as const satisfies readonly (keyof OpenAttempt)[];

const NULLABLE: ReadonlySet<string> = new Set(["session", "user", "team", "modelRequested"]);
const NUMBERS: ReadonlySet<string> = new Set(["timeMs", "attempt", "inputTokens"]);

function encode(attempt: OpenAttempt): string {
  return JSON.stringify(MEMBERS.map((name) => attempt[name]));
}

/** Lines that are torn or strange are left out: nothing can be accounted for by them. */
function readSegment(path: string): OpenAttempt[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => decode(line));
}

function decode(line: string): OpenAttempt[] {
  let values: unknown;
  try {
    values = JSON.parse(line);
  } catch {
    return [];
  }
  if (!Array.isArray(values) || values.length !== MEMBERS.length) return [];
  const members = MEMBERS.map((name, at): readonly [string, unknown] => [name, values[at]]);
  if (!members.every(([name, value]) => isValid(name, value))) return [];
  // Every member was checked above.
  return [Object.fromEntries(members) as unknown as OpenAttempt];
}

function isValid(name: string, value: unknown): boolean {
  if (value === null) return NULLABLE.has(name);
  if (name === "stream") return typeof value === "boolean";
  return NUMBERS.has(name) ? Number.isSafeInteger(value) : typeof value === "string";
}
