/**
 * How a command ends when it can't do its work: one line for the person, and the exit code. Nothing here exits; `main.ts` does.
 */

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command was understood and failed: exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
