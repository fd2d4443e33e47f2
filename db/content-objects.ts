/**
 * The content store as a directory: one file an object, `<day>/<2 hex digits>/<32 hex digits>`, so that a day can be deleted at
 * once. A name is given out only when the object is durable: a crash leaves an object that nobody refers to, never the
 * reverse. Synchronous underneath: it is used by a thread of its own.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { ContentObjects } from "./store.ts";

const DAY = /^\d{4}-\d\d-\d\d$/;
const PREFIX = /^[0-9a-f]{2}$/;
const NAME = /^[0-9a-f]{32}$/;
const OBJECT = /^\d{4}-\d\d-\d\d\/[0-9a-f]{2}\/[0-9a-f]{32}$/;
/** Names of files that are being written. */
const DRAFTS = "drafts";

/** @param dir made if it is not there */
export function openContentObjects(dir: string): ContentObjects {
  mkdirSync(join(dir, DRAFTS), { recursive: true, mode: 0o700 });
  /** Directories that are there and were synced. */
  const known = new Set<string>();

  function makeDirectory(day: string, prefix: string): string {
    const path = join(dir, day, prefix);
    if (known.has(path)) return path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    syncDirectory(join(dir, day));
    syncDirectory(dir);
    // One day's names.
    if (known.size >= 512) known.clear();
    known.add(path);
    return path;
  }

  return {
    async put(day, bytes) {
      const name = randomBytes(16).toString("hex");
      const prefix = name.slice(0, 2);
      const draft = join(dir, DRAFTS, name);
      try {
        writeDurably(draft, bytes);
        const directory = makeDirectory(day, prefix);
        renameSync(draft, join(directory, name));
        syncDirectory(directory);
      } catch (error) {
        rmSync(draft, { force: true });
        known.clear();
        throw error;
      }
      return `${day}/${prefix}/${name}`;
    },
    async get(object) {
      if (!OBJECT.test(object)) return null;
      try {
        return new Uint8Array(readFileSync(join(dir, object)));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async remove(object) {
      if (OBJECT.test(object)) rmSync(join(dir, object), { force: true });
    },
    async probe() {
      const draft = join(dir, DRAFTS, randomBytes(16).toString("hex"));
      try {
        writeDurably(draft, new Uint8Array(64 * 1024));
      } finally {
        rmSync(draft, { force: true });
      }
    },
    async sweep({ draftsMs, objectsMs }, isReferenced) {
      let swept = 0;
      for (const name of names(join(dir, DRAFTS), NAME)) {
        swept += removeOld(join(dir, DRAFTS, name), draftsMs);
      }
      for (const day of names(dir, DAY)) {
        for (const prefix of names(join(dir, day), PREFIX)) {
          for (const name of names(join(dir, day, prefix), NAME)) {
            const path = join(dir, day, prefix, name);
            if (!isOlder(path, objectsMs) || (await isReferenced(`${day}/${prefix}/${name}`)))
              continue;
            swept += removeOld(path, objectsMs);
          }
          removeIfEmpty(join(dir, day, prefix));
        }
        removeIfEmpty(join(dir, day));
      }
      if (swept > 0) known.clear();
      return swept;
    },
  };
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "wx", 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function names(dir: string, pattern: RegExp): string[] {
  try {
    return readdirSync(dir).filter((name) => pattern.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isOlder(path: string, beforeMs: number): boolean {
  try {
    return statSync(path).mtimeMs < beforeMs;
  } catch {
    return false;
  }
}

function removeOld(path: string, beforeMs: number): number {
  if (!isOlder(path, beforeMs)) return 0;
  rmSync(path, { force: true });
  return 1;
}

/** A directory that was made a moment ago and is empty yet stays: the sweep and `put` run in one thread. */
function removeIfEmpty(path: string): void {
  if (readdirSync(path).length === 0) rmdirSync(path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
