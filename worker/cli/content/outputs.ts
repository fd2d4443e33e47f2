/**
 * Where opened parts go. A file, or a directory of files, is written aside, for its owner alone, and gets its name in one step when
 * all of it is on the disk; until then, and if anything fails, there is nothing of that name. Nothing is ever overwritten. To standard
 * output goes nothing before the end, because the record of the reading comes first.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { CommandError } from "../failure.ts";

export interface Output {
  /**
   * @param name of the file, where the output is a directory; others take the bytes one after the other
   * @throws CommandError, after which `discard` is what is left
   */
  write(bytes: Uint8Array, name: string): void;
  /** Gives out what was written. @throws CommandError */
  commit(): void;
  /** Leaves nothing. After `commit` it does nothing. */
  discard(): void;
}

export function openStandardOutput(writeOut: (bytes: Uint8Array) => void): Output {
  let pending: Uint8Array[] = [];
  return {
    write: (bytes) => void pending.push(bytes),
    commit() {
      for (const bytes of pending) writeOut(bytes);
      pending = [];
    },
    discard: () => void (pending = []),
  };
}

/** @throws CommandError where no file can be made */
export function openFileOutput(path: string): Output {
  const draft = draftOf(path);
  let file: number | null;
  try {
    file = openSync(draft, "wx", 0o600);
  } catch {
    throw new CommandError(`${path} can't be made. Is its directory there, and yours to write to?`);
  }
  const close = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };
  return {
    write(bytes) {
      if (file === null) throw new Error("the output is closed");
      try {
        writeWhole(file, bytes);
      } catch {
        throw notWritten(path);
      }
    },
    commit() {
      if (file === null) throw new Error("the output is closed");
      try {
        fsyncSync(file);
        close();
        place(draft, path);
      } catch (error) {
        throw error instanceof CommandError ? error : notWritten(path);
      }
    },
    discard() {
      try {
        close();
      } finally {
        rmSync(draft, { force: true });
      }
    },
  };
}

/** @param path without a slash at its end @throws CommandError where none can be made */
export function openDirectoryOutput(path: string): Output {
  const draft = draftOf(path);
  try {
    mkdirSync(draft, { mode: 0o700 });
  } catch {
    throw new CommandError(`${path} can't be made. Is its directory there, and yours to write to?`);
  }
  return {
    write(bytes, name) {
      try {
        const file = openSync(join(draft, name), "wx", 0o600);
        try {
          writeWhole(file, bytes);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
      } catch {
        throw notWritten(path);
      }
    },
    commit() {
      // A rename would replace an empty directory, and that alone.
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw taken(path);
      try {
        renameSync(draft, path);
      } catch {
        throw notWritten(path);
      }
    },
    discard: () => rmSync(draft, { force: true, recursive: true }),
  };
}

function draftOf(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}.tmp`;
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
}

function taken(path: string): CommandError {
  return new CommandError(`${path} exists already. Name another; nothing is overwritten.`);
}

function notWritten(path: string): CommandError {
  return new CommandError(
    `${path} could not be written whole, and is not there. Is the disk full?`,
  );
}

/** A link fails where the name is taken; a rename, for file systems without links, would replace. */
function place(draft: string, path: string): void {
  try {
    linkSync(draft, path);
    rmSync(draft);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "EEXIST" || statSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw taken(path);
    }
    renameSync(draft, path);
  }
}
