/**
 * `anyray decrypt`: the one way to read what was sealed. Offline, with the keys at hand, a reason, and a record of the reading.
 * What it opens goes to the output alone; messages name parts and never quote them.
 */
import { parseArgs } from "node:util";
import { utf8Bytes } from "../../bytes.ts";
import { parseEnvelope } from "../../encryption/envelope.ts";
import { createKeyring, type Keyring } from "../../encryption/keyring.ts";
import type { OpenedPart } from "../../encryption/open.ts";
import type { ContentTools } from "../content-tools.ts";
import { UsageError } from "../failure.ts";
import { type DecryptOptions, DECRYPT_OPTIONS, parseDecryptOptions } from "./decrypt-options.ts";
import { findEnvelope } from "./envelopes.ts";
import { openKeySource, readPrivateKey, type SubjectKeySource } from "./key-source.ts";
import { exitCodeOf, openParts, type OpeningResult } from "./opening.ts";
import { openDirectoryOutput, openFileOutput, openStandardOutput, type Output } from "./outputs.ts";
import { fileNameOf, toJsonLine } from "./part-json.ts";
import { encodeReadingRecord } from "./reading-record.ts";
import type { ContentRecord } from "./record.ts";
import { chosenRecords, openSources, type Opened } from "./selection.ts";

export type DecryptTools = Pick<
  ContentTools,
  "terminal" | "now" | "loadContentKeys" | "writePrivate" | "writeOut" | "whenStopped" | "userName"
>;

const PROGRESS_EVERY = 1_000;

/** Resolves to the exit code. Throws `UsageError`, `CommandError`, `ConfigError` and what `parseArgs` throws. */
export async function runDecrypt(args: readonly string[], tools: DecryptTools): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: DECRYPT_OPTIONS,
  });
  const say = (line: string): void => tools.terminal.say(`anyray: ${line}`);
  const options = parseDecryptOptions(values, positionals, tools.userName);
  const opened = openSources(positionals, options.contentDir, say);
  const { current, retired } = tools.loadContentKeys();
  if (current === null) {
    say(
      "there is no master key: set ANYRAY_CONTENT_KEY or ANYRAY_CONTENT_KEY_FILE, or ANYRAY_DATA_DIR to where secrets.env is.",
    );
    return 3;
  }
  const keyring = createKeyring(current, retired);
  const subjects = await openKeySource(options.keyExport, opened.dataDir);
  const recipient = await readPrivateKey(options.identity);

  let opening: Output | null = null;
  const endWatch = tools.whenStopped(() => opening?.discard());
  const output = (opening = openOutput(options, tools));
  try {
    const result = await openParts(
      chosenRecords(opened.sources, options, isUserOf(options.user, subjects, opened)),
      {
        objects: opened.objects,
        keys: { keyring, subjects: (handle) => subjects.find(handle), recipient },
        isForeign: foreignnessOf(subjects),
        take: takerOf(options, output),
        onRecord: (count) => {
          if (count % PROGRESS_EVERY === 0) say(`${count} parts so far`);
        },
      },
    );
    if (result.opened + result.failures.length === 0) {
      say(nothingMatches(options, subjects));
      return 8;
    }
    if (result.opened > 0) {
      // The record first: there is no reading without one.
      await tools.writePrivate(options.record, recordOf(result, options, tools.now(), keyring));
      output.commit();
    }
    report(result, tools);
    return exitCodeOf(result.failures);
  } finally {
    output.discard();
    endWatch();
  }
}

function openOutput({ target, out }: DecryptOptions, { writeOut }: DecryptTools): Output {
  if (target === "standard-output") return openStandardOutput(writeOut);
  return target === "file" ? openFileOutput(out) : openDirectoryOutput(out);
}

function takerOf({ format, target }: DecryptOptions, output: Output): (part: OpenedPart) => void {
  let count = 0;
  return (part) => {
    count += 1;
    if (format === "raw" && target !== "directory" && count > 1) {
      throw new UsageError(
        "--format raw writes one part: choose it with --trace and --field, or name a new directory/ with --out.",
      );
    }
    output.write(format === "raw" ? part.bytes : utf8Bytes(toJsonLine(part)), fileNameOf(part));
  };
}

/** By the name in the trace, else by the subject that the part is sealed under. */
function isUserOf(user: string | null, subjects: SubjectKeySource, { objects }: Opened) {
  const handles = user === null ? null : subjects.handlesOf(user);
  return (record: ContentRecord): boolean => {
    if (record.user !== null) return record.user === user;
    if (handles === null) return false;
    const found = findEnvelope(record, objects);
    if (found.state !== "found") return false;
    try {
      return handles.has(parseEnvelope(found.bytes).head.handle);
    } catch {
      return false;
    }
  };
}

/** Who can write to a trace back end can write another's name beside an envelope; names stand with the subject keys, too. */
function foreignnessOf(subjects: SubjectKeySource) {
  return ({ user }: ContentRecord, { handle }: OpenedPart): boolean => {
    const handles = user === null ? null : subjects.handlesOf(user);
    return handles !== null && !handles.has(handle) && subjects.find(handle).state === "live";
  };
}

function nothingMatches({ user }: DecryptOptions, subjects: SubjectKeySource): string {
  return user !== null && subjects.handlesOf(user) === null
    ? "no content matches. A key export holds no names, so --user finds only what a trace names a user for: choose by --trace."
    : "no content matches: look at --trace, --user, --field, --from and --to.";
}

function recordOf(
  { opened, traces, subjects }: OpeningResult,
  { actor, reason }: DecryptOptions,
  timeMs: number,
  keyring: Keyring,
): string {
  return encodeReadingRecord(
    {
      timeMs,
      actor,
      reason,
      traces: [...traces].sort(),
      subjects: [...subjects].sort(),
      parts: opened,
      kid: keyring.kid,
    },
    keyring,
  );
}

function report(result: OpeningResult, { terminal }: DecryptTools): void {
  for (const { record, why } of result.failures) {
    terminal.say(`trace ${record.traceId} span ${record.spanId} ${record.field}: ${why}`);
  }
  if (result.plaintext > 0) {
    terminal.say(
      `${result.plaintext} of them were stored in plaintext: nothing proves who wrote those.`,
    );
  }
  const recorded =
    result.opened > 0
      ? " The reading is recorded: `anyray audit import` takes the record into the audit log."
      : " Nothing was written.";
  terminal.say(`${result.opened} opened, ${result.failures.length} not.${recorded}`);
}
