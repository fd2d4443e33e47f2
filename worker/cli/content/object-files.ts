/**
 * The content directory as a reader sees it: perhaps a copy, perhaps on a disk that can't be written. Nothing is made in it, and no
 * name but an object's is ever looked up.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../failure.ts";
import { isObjectName } from "./record.ts";

export type ReadObject =
  | { readonly state: "found"; readonly bytes: Uint8Array }
  | { readonly state: "absent" }
  | { readonly state: "oversize" }
  /** It is there, and this process can't read it. */
  | { readonly state: "failed" };

export interface ObjectFiles {
  read(name: string, maxBytes: number): ReadObject;
}

/** @throws UsageError if there is no such directory */
export function openObjectFiles(dir: string): ObjectFiles {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError("--content-dir is no directory.");
  }
  return {
    read(name, maxBytes) {
      if (!isObjectName(name)) return { state: "absent" };
      const path = join(dir, name);
      try {
        if (statSync(path).size > maxBytes) return { state: "oversize" };
        return { state: "found", bytes: new Uint8Array(readFileSync(path)) };
      } catch (error) {
        const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
        return { state: isAbsent ? "absent" : "failed" };
      }
    },
  };
}
