/**
 * `secrets.env` on disk: made at the first start, read at every other. The file is private from its first byte, is never half there,
 * and an existing value is never changed. Processes that start at once agree on one file.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { platform } from "node:os";
import { dirname, join } from "node:path";
import { createClientKeySecret } from "../client-key.ts";
import { ConfigError, describeReadFailure } from "./fault.ts";
import { addSecrets, parseSecretsText, SECRETS_FILE } from "./secrets-file.ts";

export interface Secrets {
  readonly values: ReadonlyMap<string, string>;
  /** Of the file, which may not exist if nothing had to be made. */
  readonly path: string;
  /** Whether this call made the file: the first start. */
  readonly created: boolean;
  /** The secrets that this call made; none where another process was faster. */
  readonly made: readonly MadeSecret[];
}

/** Reads `secrets.env` in a directory, after adding those of the named secrets that it lacks. Throws `ConfigError`. */
export type OpenSecrets = (directory: string, names: readonly MadeSecret[]) => Secrets;

/** The secrets that the gateway makes by itself. */
export const MADE_SECRETS = [
  "ANYRAY_ADMIN_TOKEN",
  "ANYRAY_CONTENT_KEY",
  "ANYRAY_CLIENT_KEY",
  "ANYRAY_AUDIT_KEY",
] as const;
export type MadeSecret = (typeof MADE_SECRETS)[number];

const MAKERS: Readonly<Record<MadeSecret, () => string>> = {
  ANYRAY_ADMIN_TOKEN: () => `aat_${randomBytes(32).toString("base64url")}`,
  ANYRAY_CONTENT_KEY: () => randomBytes(32).toString("hex"),
  ANYRAY_CLIENT_KEY: () => createClientKeySecret(randomBytes),
  ANYRAY_AUDIT_KEY: () => randomBytes(32).toString("hex"),
};

/** How long another process may take to write before this one gives up. */
const LOCK_PATIENCE_MS = 2_000;
const LOCK_POLL_MS = 10;

function fault(problem: string): ConfigError {
  return new ConfigError([{ where: SECRETS_FILE, problem }]);
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** Null if there is no such file. One descriptor for check and read, so that both see the same file. */
function readPrivate(path: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw fault(`at ${path} cannot be read: ${describeReadFailure(error)}.`);
  }
  try {
    // Windows has no such bits and reports them all set.
    const open = fstatSync(descriptor).mode & 0o077;
    if (open !== 0 && platform() !== "win32") {
      throw fault(`can be read by others. Run: chmod 600 ${path}`);
    }
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function parse(path: string, text: string): ReadonlyMap<string, string> {
  const parsed = parseSecretsText(text);
  if (parsed.ok) return parsed.values;
  throw fault(`at ${path} cannot be read: ${parsed.problem}.`);
}

function writePrivate(path: string, text: string): void {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename is durable once the directory is. Not every file system can be asked for that. */
function syncDirectory(directory: string): void {
  try {
    const descriptor = openSync(directory, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!hasCode(error, "EINVAL", "EISDIR", "EPERM", "EACCES", "ENOTSUP", "EBADF")) throw error;
  }
}

/** Runs `work` while no other process does. The lock is held for milliseconds; one left by a crash is for a person to judge. */
function withLock<T>(path: string, work: () => T): T {
  const lock = `${path}.lock`;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += LOCK_POLL_MS) {
    try {
      closeSync(openSync(lock, "wx", 0o600));
      break;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      if (waitedMs >= LOCK_PATIENCE_MS) {
        throw fault(
          `is locked by another process. If no other gateway is starting, remove ${lock}`,
        );
      }
      Atomics.wait(sleeper, 0, 0, LOCK_POLL_MS);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Writes aside, then puts it in place in one step: `linkSync` fails if the name is taken, `renameSync` replaces. */
function put(path: string, text: string, place: typeof linkSync | typeof renameSync): void {
  const draft = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  writePrivate(draft, text);
  try {
    place(draft, path);
    syncDirectory(dirname(path));
  } finally {
    rmSync(draft, { force: true });
  }
}

function makeValues(names: readonly MadeSecret[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name, MAKERS[name]()]));
}

/** Whether this process made the file; false where another was faster, or the file system has no links. */
function makeFile(path: string, names: readonly MadeSecret[]): boolean {
  try {
    put(path, addSecrets("", makeValues(names)), linkSync);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"))
      return false;
    throw error;
  }
}

/** Adds what the file lacks; returns what that was, and whether there was no file. */
function completeFile(
  path: string,
  names: readonly MadeSecret[],
): Omit<Secrets, "values" | "path"> {
  return withLock(path, () => {
    const text = readPrivate(path);
    const present = parse(path, text ?? "");
    const made = names.filter((name) => !present.has(name));
    if (made.length > 0) put(path, addSecrets(text ?? "", makeValues(made)), renameSync);
    return { created: text === null, made };
  });
}

function make(path: string, names: readonly MadeSecret[]): Omit<Secrets, "values" | "path"> {
  const lacks = (text: string | null): boolean => {
    const present = parse(path, text ?? "");
    return names.some((name) => !present.has(name));
  };
  const before = readPrivate(path);
  if (lacks(before)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (before === null && makeFile(path, names)) return { created: true, made: names };
    if (lacks(readPrivate(path))) return completeFile(path, names);
  }
  return { created: false, made: [] };
}

/** See `OpenSecrets`. With no names it only reads, and a missing file is an empty one. */
export function ensureSecrets(
  directory: string,
  names: readonly MadeSecret[] = MADE_SECRETS,
): Secrets {
  const path = join(directory, SECRETS_FILE);
  try {
    const done = make(path, names);
    return { values: parse(path, readPrivate(path) ?? ""), path, ...done };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = describeReadFailure(error);
    throw fault(
      `cannot be written in ${directory}: ${why}. Make the directory writable, or set ${names.join(", ")}.`,
    );
  }
}
