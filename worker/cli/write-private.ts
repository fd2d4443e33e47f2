/** Files that a command writes: for their owner alone, whole or not at all, and never over another. */
import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from "node:fs";
import { CommandError } from "./failure.ts";

/** @throws CommandError if the file exists, or can't be written */
export function writePrivate(path: string, content: string | Uint8Array): void {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw new CommandError(
      exists
        ? "the output file exists already. Name another; nothing is overwritten."
        : "the output file can't be made. Is its directory there, and yours to write to?",
    );
  }
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } catch {
    rmSync(path, { force: true });
    throw new CommandError(
      "the output file could not be written whole, and was removed. Is the disk full?",
    );
  } finally {
    closeSync(file);
  }
}
