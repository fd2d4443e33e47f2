/**
 * Opens the chosen parts one after the other and hands them on. What does not open is kept, with its place and why, and forgotten if
 * another source has the part whole. Nothing of what is opened stays here.
 */
import { EnvelopeError, type EnvelopeErrorCode } from "../../encryption/envelope-error.ts";
import { openEnvelope, type OpenedPart, type OpeningKeys } from "../../encryption/open.ts";
import { findEnvelope, missingInWords } from "./envelopes.ts";
import type { ObjectFiles } from "./object-files.ts";
import { type ContentRecord, partKey } from "./record.ts";

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

export interface Failure {
  readonly code: EnvelopeErrorCode | "missing";
  /** For a person; holds nothing of the content. */
  readonly why: string;
}

export interface OpeningResult {
  readonly opened: number;
  /** Of those opened, the ones that were never sealed. */
  readonly plaintext: number;
  readonly traces: ReadonlySet<string>;
  readonly subjects: ReadonlySet<string>;
  readonly failures: readonly (Failure & { readonly record: ContentRecord })[];
}

export interface OpeningOptions {
  readonly objects: ObjectFiles | null;
  readonly keys: OpeningKeys;
  /** Whether it is known that the part is sealed for another than its source says. */
  readonly isForeign: (record: ContentRecord, part: OpenedPart) => boolean;
  /** Takes each part once. What it throws ends the opening. */
  readonly take: (part: OpenedPart) => void;
  /** Called for every record, with how many there were. */
  readonly onRecord: (count: number) => void;
}

export async function openParts(
  records: AsyncIterable<{ readonly record: ContentRecord }>,
  { objects, keys, isForeign, take, onRecord }: OpeningOptions,
): Promise<OpeningResult> {
  const opened = new Set<string>();
  const traces = new Set<string>();
  const subjects = new Set<string>();
  const failures = new Map<string, Failure & { readonly record: ContentRecord }>();
  let plaintext = 0;
  let count = 0;
  for await (const { record } of records) {
    onRecord(++count);
    const key = partKey(record);
    if (opened.has(key)) continue;
    const opening = await open(record, objects, keys);
    const result =
      "code" in opening ? opening : (falseClaim(record, opening, isForeign) ?? opening);
    if ("code" in result) {
      // What a source has says more than what another lacks.
      const before = failures.get(key);
      if (before === undefined || before.code === "missing") {
        failures.set(key, { ...result, record });
      }
      continue;
    }
    take(result);
    opened.add(key);
    failures.delete(key);
    traces.add(result.traceId);
    subjects.add(result.handle);
    if (result.kind === "plaintext") plaintext += 1;
  }
  return {
    opened: opened.size,
    plaintext,
    traces,
    subjects,
    failures: [...failures.values()],
  };
}

/** What a source claims of an envelope is not sealed; the envelope's own head is. Null: they agree. */
function falseClaim(
  record: ContentRecord,
  part: OpenedPart,
  isForeign: OpeningOptions["isForeign"],
): Failure | null {
  const mode = part.kind === "sealed" ? "encrypted" : "plaintext";
  const why =
    partKey(record) !== partKeyOf(part)
      ? "the envelope belongs to another part than its source says"
      : record.mode !== null && record.mode !== mode
        ? "the source says another mode than the envelope"
        : isForeign(record, part)
          ? "it is sealed for another user than its source says"
          : null;
  return why === null ? null : { code: "damaged", why };
}

async function open(
  record: ContentRecord,
  objects: ObjectFiles | null,
  keys: OpeningKeys,
): Promise<OpenedPart | Failure> {
  const found = findEnvelope(record, objects);
  if (found.state === "missing") return { code: "missing", why: missingInWords(found.why) };
  if (found.state === "mismatch") {
    return { code: "damaged", why: "it is not what its source refers to, by size or digest" };
  }
  try {
    return await openEnvelope(found.bytes, keys);
  } catch (error) {
    // Whatever else a hostile part can provoke must not keep the others from being opened.
    const known = error instanceof EnvelopeError ? error : new EnvelopeError("damaged");
    return { code: known.code, why: wordsFor(known, keys) };
  }
}

function partKeyOf({ traceId, spanId, field }: OpenedPart): string {
  return `${traceId} ${spanId} ${field}`;
}

function wordsFor({ code, message }: EnvelopeError, { recipient }: OpeningKeys): string {
  return code === "not_a_recipient" && recipient === null
    ? "it is sealed for recipients: give the private key of one of them with --identity"
    : message;
}

/** 0 if there was no failure. */
export function exitCodeOf(failures: readonly Failure[]): number {
  const codes = new Set(failures.map(({ code }) => code));
  return EXIT_CODES.find(([code]) => codes.has(code))?.[1] ?? 0;
}
