/** Looks for canaries in bytes: as they are, in what is compressed in them, and in the values of SQLite files. Prints nothing of what stands around them. */
import { Buffer } from "node:buffer";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { openSqlite } from "#sqlite";
import type { Canaries, Needle } from "./forms.ts";
import { needlesOf } from "./forms.ts";

export interface Finding {
  /** A file, or another place that was searched. */
  readonly where: string;
  readonly form: string;
  /** What the canary was sent as; `unknown` where the form hides its number. */
  readonly place: string;
}

const MAX_INFLATED = 32 * 1024 * 1024;
/** Raw deflate has no mark: it is tried at so many places at the beginning. */
const RAW_OFFSETS = 32;
const MAX_DEPTH = 2;

export function searchBytes(canaries: Canaries, where: string, bytes: Uint8Array): Finding[] {
  return search(needlesOf(canaries.mark), canaries, where, bytes, 0);
}

export function searchText(canaries: Canaries, where: string, text: string): Finding[] {
  return searchBytes(canaries, where, new Uint8Array(Buffer.from(text, "utf8")));
}

/** Every file below a directory, whatever it is; SQLite files also value by value. */
export function searchDirectory(canaries: Canaries, directory: string): Finding[] {
  const findings: Finding[] = [];
  for (const path of filesBelow(directory)) {
    const bytes = new Uint8Array(readFileSync(path));
    const where = relative(directory, path);
    findings.push(...searchText(canaries, "a file's name", where));
    findings.push(...searchBytes(canaries, where, bytes));
    if (Buffer.from(bytes.subarray(0, 15)).toString("latin1") === "SQLite format 3") {
      for (const value of sqliteValues(path)) {
        findings.push(...searchBytes(canaries, `${where}, a value`, value));
      }
    }
  }
  return findings;
}

function search(
  needles: readonly Needle[],
  canaries: Canaries,
  where: string,
  bytes: Uint8Array,
  depth: number,
): Finding[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const findings: Finding[] = [];
  for (const { form, bytes: needle } of needles) {
    const seen = new Set<string>();
    for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
      const digits = haystack.toString("latin1", at + needle.length, at + needle.length + 3);
      const place = /^\d{3}$/.test(digits) ? canaries.placeOf(Number(digits)) : "unknown";
      if (!seen.has(place)) findings.push({ where, form, place });
      seen.add(place);
    }
  }
  if (depth >= MAX_DEPTH) return findings;
  for (const [how, inflated] of inflatedIn(haystack)) {
    findings.push(...search(needles, canaries, `${where}, ${how}`, inflated, depth + 1));
  }
  return findings;
}

const MARKS: readonly (readonly [string, readonly number[], (bytes: Uint8Array) => Uint8Array])[] =
  [
    ["gzip", [0x1f, 0x8b, 0x08], (bytes) => gunzipSync(bytes, PARTIAL)],
    ["zlib", [0x78, 0x01], (bytes) => inflateSync(bytes, PARTIAL)],
    ["zlib", [0x78, 0x5e], (bytes) => inflateSync(bytes, PARTIAL)],
    ["zlib", [0x78, 0x9c], (bytes) => inflateSync(bytes, PARTIAL)],
    ["zlib", [0x78, 0xda], (bytes) => inflateSync(bytes, PARTIAL)],
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd], (bytes) => unzstd(bytes)],
  ];

/** What was cut off is given out as far as it goes. */
const PARTIAL = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED };

function* inflatedIn(haystack: Buffer): Generator<readonly [string, Uint8Array]> {
  for (const [how, mark, inflate] of MARKS) {
    const needle = Buffer.from(mark);
    for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
      const inflated = attempt(() => inflate(haystack.subarray(at)));
      if (inflated !== null && inflated.length > 0) yield [how, inflated];
    }
  }
  for (let at = 0; at < Math.min(RAW_OFFSETS, haystack.length); at++) {
    const inflated = attempt(() => inflateRawSync(haystack.subarray(at), PARTIAL));
    // Short output is chance: most bytes begin some deflate block.
    if (inflated !== null && inflated.length > 64) yield ["raw deflate", inflated];
  }
}

function unzstd(bytes: Uint8Array): Uint8Array {
  return zstdDecompressSync(bytes, {
    finishFlush: constants.ZSTD_e_flush,
    maxOutputLength: MAX_INFLATED,
  });
}

function attempt(inflate: () => Uint8Array): Uint8Array | null {
  try {
    return inflate();
  } catch {
    return null;
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** Long values lie in pieces over many pages: here they are whole. From a copy, with its log. */
function sqliteValues(path: string): Uint8Array[] {
  const copies = mkdtempSync(join(tmpdir(), "anyray-canary-"));
  try {
    const copy = join(copies, "copy.sqlite");
    for (const suffix of ["", "-wal"]) {
      if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    }
    const client = openSqlite(copy);
    const tables = client.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").values();
    const values = tables.flatMap(([name]) =>
      client
        .prepare(`SELECT * FROM "${String(name)}"`)
        .values()
        .flat(),
    );
    client.close();
    return values.flatMap((value) =>
      value instanceof Uint8Array
        ? [value]
        : typeof value === "string"
          ? [new Uint8Array(Buffer.from(value, "utf8"))]
          : [],
    );
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}
