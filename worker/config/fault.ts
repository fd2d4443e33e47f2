/**
 * What is wrong with a configuration: a list of faults, and the one error that carries them all.
 * A fault names a variable, or a place inside one (`ANYRAY_PROVIDERS.groq.base_url`). It never quotes a value: it might be a secret.
 */

export interface Fault {
  /** Variable, or path inside a variable's JSON. */
  readonly where: string;
  /** What is wrong and what to do, as the end of the sentence that `where` begins. */
  readonly problem: string;
}

/** Thrown once at start, with every fault that was found. The message is for a person, one fault a line. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    const title =
      faults.length === 1
        ? "The configuration has a fault:"
        : `The configuration has ${faults.length} faults:`;
    super([title, ...faults.map((fault) => `  ${fault.where} ${fault.problem}`)].join("\n"));
    this.name = "ConfigError";
    this.faults = faults;
  }
}

/** Why a file could not be read, in words. Takes the runtime's error code alone; its message may quote things. */
export function describeReadFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "this process may not read it";
    case "EISDIR":
      return "it is a directory";
    case "ENOTDIR":
      return "a part of its path is a file";
    default:
      return typeof code === "string" ? code : "it is not readable text";
  }
}
