/**
 * `anyray decrypt`: the one way to read what was sealed. Offline, with the keys at hand, a reason, and a record of the reading.
 * What it opens goes to the output alone; messages name parts and never quote them.
 */
import { Buffer } from "node:buffer";
import { existsSync, realpathSync } from "node:fs";
import { parseArgs } from "node:util";
import { utf8Bytes } from "../../bytes.ts";
import { isIdentity } from "../../chat.ts";
import { EnvelopeError, type EnvelopeErrorCode } from "../../encryption/envelope-error.ts";
import { parseEnvelope } from "../../encryption/envelope.ts";
import { createKeyring, type Keyring } from "../../encryption/keyring.ts";
import { openEnvelope, type OpenedPart, type OpeningKeys } from "../../encryption/open.ts";
import type { ContentTools } from "../content-tools.ts";
import { CommandError, UsageError } from "../failure.ts";
import { findEnvelope, missingInWords } from "./envelopes.ts";
import { openKeySource, readPrivateKey, type SubjectKeySource } from "./key-source.ts";
import { encodeReadingRecord } from "./reading-record.ts";
import type { ContentRecord } from "./record.ts";
import {
  chosenRecords,
  openSources,
  parseSelection,
  SELECTION_OPTIONS,
  type Opened,
} from "./selection.ts";

export type DecryptTools = Pick<
  ContentTools,
  "terminal" | "now" | "loadContentKeys" | "writePrivate" | "writeOut" | "userName"
>;

/** What the exit code says of a part that did not open; of several the first here counts. */
const EXIT_CODES = [
  ["damaged", 5],
  ["unknown_version", 5],
  ["unknown_key", 3],
  ["not_a_recipient", 6],
  ["unknown_subject", 7],
  ["erased_subject", 4],
  ["missing", 8],
] as const satisfies readonly (readonly [EnvelopeErrorCode | "missing", number])[];
type Failure = (typeof EXIT_CODES)[number][0];

const PROGRESS_EVERY = 1_000;

export async function runDecrypt(args: readonly string[], tools: DecryptTools): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...SELECTION_OPTIONS,
      reason: { type: "string" },
      actor: { type: "string" },
      out: { type: "string" },
      record: { type: "string" },
      keys: { type: "string" },
      identity: { type: "string" },
      format: { type: "string" },
    },
  });
  const selection = parseSelection(values);
  const isChosen =
    values.trace ?? values.user ?? values.from ?? values.to ?? (values.all === true || undefined);
  if (isChosen === undefined) {
    throw new UsageError("say which content: --trace, --user, --from and --to, or --all.");
  }
  const reason = identity("reason", values.reason);
  const actor = identity("actor", values.actor ?? tools.userName());
  const format = values.format ?? "json";
  if (format !== "json" && format !== "raw") throw new UsageError("--format takes json or raw.");
  const target = outputs(values.out, values.record, positionals);
  const opened = openSources(positionals, values["content-dir"]);
  const { current, retired } = tools.loadContentKeys();
  if (current === null) {
    tools.terminal.say(
      "anyray: there is no master key: set ANYRAY_CONTENT_KEY or ANYRAY_CONTENT_KEY_FILE, or ANYRAY_DATA_DIR to where secrets.env is.",
    );
    return 3;
  }
  const keyring = createKeyring(current, retired);
  const subjects = await openKeySource(values.keys, opened.dataDir);
  const keys: OpeningKeys = {
    keyring,
    subjects: (handle) => subjects.find(handle),
    recipient: await readPrivateKey(values.identity),
  };
  const result = await openAll(opened, keys, isUserOf(selection.user, subjects, opened), {
    selection,
    tools,
  });
  if (result.parts.length + result.failures.length === 0) {
    tools.terminal.say("anyray: no content matches: look at --trace, --user, --from and --to.");
    return 8;
  }
  if (format === "raw" && result.parts.length > 1) {
    throw new UsageError("--format raw writes one part: choose it with --trace and --field.");
  }
  if (result.parts.length > 0) {
    // The record first: there is no reading without one.
    await tools.writePrivate(
      target.record,
      recordOf(result.parts, { reason, actor, timeMs: tools.now(), keyring }),
    );
    const bytes =
      format === "raw" ? (result.parts[0]?.bytes ?? utf8Bytes("")) : lines(result.parts);
    if (target.out === "-") tools.writeOut(bytes);
    else await tools.writePrivate(target.out, bytes);
  }
  tools.terminal.say(
    `${result.parts.length} opened, ${result.failures.length} not. The reading is recorded: \`anyray audit import\` takes the record into the audit log.`,
  );
  return EXIT_CODES.find(([code]) => result.failures.includes(code))?.[1] ?? 0;
}

function identity(option: string, text: string | undefined): string {
  if (text !== undefined && isIdentity(text)) return text;
  throw new UsageError(
    `--${option} is required: a name such as a ticket's; letters, digits, up to three spaces and . _ @ : / + = -, 128 characters at most.`,
  );
}

interface Target {
  readonly out: string;
  readonly record: string;
}

function outputs(
  out: string | undefined,
  record: string | undefined,
  sources: readonly string[],
): Target {
  if (out === undefined || out === "") {
    throw new UsageError("--out names the file to write, or - for standard output.");
  }
  if (out === "-" && record === undefined) {
    throw new UsageError("with --out - the record of the reading needs a file: --record FILE.");
  }
  const target = { out, record: record ?? `${out}.reading.json` };
  const files = [target.out, target.record].filter((path) => path !== "-");
  const inputs = sources.filter((path) => existsSync(path)).map((path) => realpathSync(path));
  for (const path of files) {
    if (!existsSync(path)) continue;
    const isInput = inputs.includes(realpathSync(path));
    throw new CommandError(
      isInput
        ? "an output is one of the sources. Name another file."
        : "an output file exists already. Name another; nothing is overwritten.",
    );
  }
  return target;
}

interface Result {
  readonly parts: readonly OpenedPart[];
  readonly failures: readonly Failure[];
}

async function openAll(
  { sources, objects }: Opened,
  keys: OpeningKeys,
  isUser: (record: ContentRecord) => Promise<boolean>,
  { selection, tools }: { selection: ReturnType<typeof parseSelection>; tools: DecryptTools },
): Promise<Result> {
  const parts: OpenedPart[] = [];
  const failures: Failure[] = [];
  const fail = ({ traceId, spanId, field }: ContentRecord, code: Failure, why: string): void => {
    failures.push(code);
    tools.terminal.say(`trace ${traceId} span ${spanId} ${field}: ${why}`);
  };
  for await (const record of chosenRecords(sources, selection, isUser)) {
    const found = await findEnvelope(record, objects);
    if (found.state === "missing") fail(record, "missing", missingInWords(found.why));
    else if (found.state === "mismatch") {
      fail(record, "damaged", "the object is not the one that the trace refers to");
    } else {
      try {
        const part = await openEnvelope(found.bytes, keys);
        // What a trace claims of an envelope is not sealed; the envelope's own head is.
        if (part.traceId !== record.traceId || part.field !== record.field) {
          throw new EnvelopeError("damaged");
        }
        parts.push(part);
      } catch (error) {
        const known = error instanceof EnvelopeError ? error : new EnvelopeError("damaged");
        fail(record, known.code, known.message);
      }
    }
    const done = parts.length + failures.length;
    if (done % PROGRESS_EVERY === 0) tools.terminal.say(`${done} parts so far`);
  }
  return { parts, failures };
}

/** By the name in the trace, else by the subject that the part is sealed under. */
function isUserOf(user: string | null, subjects: SubjectKeySource, { objects }: Opened) {
  const handles = user === null ? null : subjects.handlesOf(user);
  return async (record: ContentRecord): Promise<boolean> => {
    if (record.user !== null) return record.user === user;
    if (handles === null) return false;
    const found = await findEnvelope(record, objects);
    if (found.state !== "found") return false;
    try {
      return handles.has(parseEnvelope(found.bytes).head.handle);
    } catch {
      return false;
    }
  };
}

function recordOf(
  parts: readonly OpenedPart[],
  about: { reason: string; actor: string; timeMs: number; keyring: Keyring },
): string {
  const { keyring, ...who } = about;
  return encodeReadingRecord(
    {
      ...who,
      traces: [...new Set(parts.map(({ traceId }) => traceId))].sort(),
      subjects: [...new Set(parts.map(({ handle }) => handle))].sort(),
      parts: parts.length,
      kid: keyring.kid,
    },
    keyring,
  );
}

/** One JSON object a part, one a line. */
function lines(parts: readonly OpenedPart[]): Uint8Array {
  return utf8Bytes(parts.map((part) => `${JSON.stringify(toJson(part))}\n`).join(""));
}

function toJson(part: OpenedPart): Readonly<Record<string, unknown>> {
  return {
    trace_id: part.traceId,
    span_id: part.spanId,
    field: part.field,
    media: part.media,
    cut: part.isCut,
    subject: part.handle,
    sealed: part.kind === "sealed",
    ...contentJson(part.bytes),
  };
}

/** Text where it is text, else base64. */
function contentJson(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}
