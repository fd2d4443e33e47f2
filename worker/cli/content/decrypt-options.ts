/** The command line of `anyray decrypt`, checked before anything is read or written. */
import { existsSync, lstatSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { isIdentity } from "../../chat.ts";
import { CommandError, UsageError } from "../failure.ts";
import { parseSelection, type Selection, SELECTION_OPTIONS } from "./selection.ts";

const text = { type: "string" } as const;

export const DECRYPT_OPTIONS = {
  ...SELECTION_OPTIONS,
  reason: text,
  actor: text,
  out: text,
  record: text,
  keys: text,
  identity: text,
  format: text,
} as const;

type Values = Readonly<Record<Exclude<keyof typeof DECRYPT_OPTIONS, "all">, string | undefined>> & {
  readonly all: boolean | undefined;
};

export interface DecryptOptions extends Selection {
  readonly reason: string;
  readonly actor: string;
  readonly format: "json" | "raw";
  readonly target: "standard-output" | "file" | "directory";
  /** Path of the file or directory. */
  readonly out: string;
  readonly record: string;
  readonly keyExport: string | undefined;
  readonly identity: string | undefined;
  readonly contentDir: string | undefined;
}

/**
 * @param userName of whoever runs the command; may throw where the system knows none
 * @throws UsageError; CommandError where an output is there already
 */
export function parseDecryptOptions(
  values: Partial<Values>,
  sources: readonly string[],
  userName: () => string,
): DecryptOptions {
  const selection = parseSelection(values);
  const { trace, user, from, to, all } = values;
  if ((trace ?? user ?? from ?? to) === undefined && all !== true) {
    throw new UsageError("say which content: --trace, --user, --from and --to, or --all.");
  }
  const format = values.format ?? "json";
  if (format !== "json" && format !== "raw") throw new UsageError("--format takes json or raw.");
  const target = outputs(values.out, values.record, [...sources, values.keys, values.identity]);
  if (target.target === "directory" && format === "json") {
    throw new UsageError("--out with a slash at its end is a directory: it takes --format raw.");
  }
  return {
    ...selection,
    format,
    reason: identity("reason", values.reason, "a ticket, for example"),
    actor: identity("actor", values.actor ?? nameOrNone(userName), "who reads"),
    ...target,
    keyExport: values.keys,
    identity: values.identity,
    contentDir: values["content-dir"],
  };
}

/** A container's user often has no name. */
function nameOrNone(userName: () => string): string | undefined {
  try {
    return userName();
  } catch {
    return undefined;
  }
}

/** Both go into the audit log, which holds names and no prose. */
function identity(option: string, value: string | undefined, what: string): string {
  if (value !== undefined && isIdentity(value)) return value;
  throw new UsageError(
    `--${option} is required (${what}): letters, digits, up to three spaces and . _ @ : / + = -, 128 characters at most.`,
  );
}

function outputs(
  out: string | undefined,
  record: string | undefined,
  inputs: readonly (string | undefined)[],
): Pick<DecryptOptions, "target" | "out" | "record"> {
  const path = out?.replace(/\/+$/, "");
  if (out === undefined || path === undefined || path === "") {
    throw new UsageError("--out names a new file, a new directory/, or - for standard output.");
  }
  if (record === "" || record === "-" || (out === "-" && record === undefined)) {
    throw new UsageError("the record of the reading needs a file: --record FILE.");
  }
  const files = { out: path, record: record ?? `${path}.reading.json` };
  if (resolve(files.out) === resolve(files.record)) {
    throw new UsageError("--out and --record must be two files.");
  }
  refuseExisting(files.record, inputs);
  if (out === "-") return { target: "standard-output", ...files };
  refuseExisting(path, inputs);
  return { target: path === out ? "file" : "directory", ...files };
}

function refuseExisting(path: string, inputs: readonly (string | undefined)[]): void {
  // A link that leads nowhere is there, too.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  const isInput =
    existsSync(path) &&
    inputs.some(
      (input) =>
        input !== undefined && existsSync(input) && realpathSync(input) === realpathSync(path),
    );
  throw new CommandError(
    isInput
      ? `${path} is one of the inputs. Name another file.`
      : `${path} exists already. Name another; nothing is overwritten.`,
  );
}
