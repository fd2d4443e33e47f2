/**
 * Where opened parts go. A file is written aside, for its owner alone, and gets its name in one step when all of it is on the disk;
 * until then, and if anything fails, there is no such file. Nothing is ever overwritten. To standard output goes nothing before the
 * end, because the record of the reading comes first.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { CommandError } from "../failure.ts";

export interface Output {
  /** @throws CommandError, after which `discard` is what is left */
  write(bytes: Uint8Array): void;
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
  const draft = `${path}.${randomBytes(8).toString("hex")}.tmp`;
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
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
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
      throw new CommandError(`${path} exists already. Name another file; nothing is overwritten.`);
    }
    renameSync(draft, path);
  }
}
