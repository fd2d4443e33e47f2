/**
 * The open-attempt journal: what is about to be sent, one line an attempt, written before it is sent. A line costs one
 * `write` and no sync: it survives the death of the process, not that of the machine.
 *
 * Lines are never changed. A segment whose attempts all have their row is deleted when it is full; where a few long attempts
 * keep old segments, their lines are written once more into the newest, so that the disk holds a bounded number of segments
 * under any load. What a dead process left is read once at the next start. An attempt that has its row by then, or that stands
 * in two segments, is given out all the same: the ledger knows it.
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
/** More than these, and the oldest is emptied into the newest, unless most of it is still open. */
const MAX_SEGMENTS = 8;
const SUFFIX = ".jsonl";

interface Segment {
  readonly path: string;
  readonly file: number;
  size: number;
  /** Lines of attempts that are open, by slot. */
  readonly open: Map<number, string>;
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
  /** Oldest first; the last is written to. */
  const segments: Segment[] = [];
  const holders = new Map<number, Segment>();
  let segmentCount = 0;
  let slotCount = 0;
  let isTorn = false;

  function begin(): Segment {
    const path = join(dir, `${run}-${String(segmentCount).padStart(8, "0")}${SUFFIX}`);
    const segment: Segment = { path, file: openSync(path, "ax", 0o600), size: 0, open: new Map() };
    segmentCount += 1;
    isTorn = false;
    const full = segments.at(-1);
    segments.push(segment);
    if (full !== undefined && full.open.size === 0) drop(full);
    if (segments.length > MAX_SEGMENTS) emptyOldest(segment);
    return segment;
  }

  function drop(segment: Segment): void {
    segments.splice(segments.indexOf(segment), 1);
    closeSync(segment.file);
    rmSync(segment.path, { force: true });
  }

  function emptyOldest(newest: Segment): void {
    const [oldest] = segments;
    if (oldest === undefined || openBytes(oldest) > SEGMENT_BYTES / 2) return;
    try {
      for (const [slot, line] of oldest.open) {
        write(newest, line);
        move(slot, line, newest);
      }
    } catch {
      // The disk is full: what was not moved keeps its segment.
    }
    for (const slot of newest.open.keys()) oldest.open.delete(slot);
    if (oldest.open.size === 0) drop(oldest);
  }

  function move(slot: number, line: string, segment: Segment): void {
    segment.open.set(slot, line);
    holders.set(slot, segment);
  }

  function write(segment: Segment, line: string): void {
    // Behind half a line a new one must begin.
    const text = isTorn ? `\n${line}` : line;
    isTorn = true;
    const written = writeSync(segment.file, text);
    segment.size += written;
    if (written < Buffer.byteLength(text)) throw new Error("journal: short write");
    isTorn = false;
  }

  return {
    open(attempt) {
      const last = segments.at(-1);
      const segment = last === undefined || last.size >= SEGMENT_BYTES ? begin() : last;
      const line = `${encode(attempt)}\n`;
      write(segment, line);
      slotCount += 1;
      move(slotCount, line, segment);
      return slotCount;
    },

    close(slot) {
      const segment = holders.get(slot);
      if (segment === undefined) return;
      holders.delete(slot);
      segment.open.delete(slot);
      if (segment.open.size === 0 && segment !== segments.at(-1)) drop(segment);
    },

    openCount: () => holders.size,

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
      for (const segment of [...segments]) {
        if (segment.open.size === 0) drop(segment);
        else closeSync(segment.file);
      }
      segments.length = 0;
      holders.clear();
    },
  };
}

function openBytes(segment: Segment): number {
  let bytes = 0;
  for (const line of segment.open.values()) bytes += line.length;
  return bytes;
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
  "contentMode",
  "callerSpan",
  "metadata",
] as const satisfies readonly (keyof OpenAttempt)[];

const NULLABLE: ReadonlySet<string> = new Set([
  "session",
  "user",
  "team",
  "modelRequested",
  "contentMode",
  "callerSpan",
  "metadata",
]);
/** Gateways before this one wrote lines without the last members, or the last but one. */
const OLDER_LENGTHS: ReadonlySet<number> = new Set([MEMBERS.length - 1, MEMBERS.length - 3]);
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
  if (!Array.isArray(values)) return [];
  if (OLDER_LENGTHS.has(values.length)) {
    values.push(...new Array<null>(MEMBERS.length - values.length).fill(null));
  }
  if (values.length !== MEMBERS.length) return [];
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
