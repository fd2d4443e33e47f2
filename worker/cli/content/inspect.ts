/** `anyray inspect`: all that can be told of sealed content without a key. Opens nothing, and changes none of its sources. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { EnvelopeError } from "../../encryption/envelope-error.ts";
import { parseEnvelope, VERSION, type Envelope } from "../../encryption/envelope.ts";
import type { Terminal } from "../terminal.ts";
import { printable } from "../terminal.ts";
import { findEnvelope, missingInWords } from "./envelopes.ts";
import type { ObjectFiles } from "./object-files.ts";
import { type ContentRecord, partKey } from "./record.ts";
import { chosenRecords, openSources, parseSelection, SELECTION_OPTIONS } from "./selection.ts";

const SHOWN_BYTES = 16;

/** Resolves to the exit code: 5 something is damaged, else 8 something is not there, else 0. */
export async function runInspect(
  args: readonly string[],
  { terminal }: { readonly terminal: Terminal },
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...SELECTION_OPTIONS, json: { type: "boolean" } },
  });
  const selection = parseSelection(values);
  const { sources, objects } = openSources(positionals, values["content-dir"], (line) =>
    terminal.say(`anyray: ${line}`),
  );
  const states = new Set<Facts["state"]>();
  // Without keys, a user is known only where the trace names one.
  const isUser = (record: ContentRecord): boolean => record.user === selection.user;
  for await (const { record, source } of chosenRecords(sources, selection, isUser)) {
    const facts = factsOf(record, objects);
    states.add(facts.state);
    const all = sources.length > 1 ? { ...facts, source: printable(source.path) } : facts;
    terminal.out(values.json === true ? JSON.stringify(all) : inWords(all));
  }
  if (states.size === 0) {
    terminal.say("anyray: no content matches: look at --trace, --user, --field, --from and --to.");
    return 8;
  }
  if (states.has("damaged")) return 5;
  return states.has("missing") ? 8 : 0;
}

interface Facts {
  readonly state: "sealed" | "plaintext" | "damaged" | "missing";
  readonly problem?: string;
  readonly [name: string]: string | number | boolean | readonly string[] | undefined;
}

function factsOf(record: ContentRecord, objects: ObjectFiles | null): Facts {
  const { traceId, spanId, field, timeMs, mode, content } = record;
  const which = {
    trace_id: traceId,
    span_id: spanId,
    field,
    ...(timeMs === null ? {} : { time: new Date(timeMs).toISOString() }),
    ...(mode === null ? {} : { mode }),
    ...(content.state === "object" ? { object: content.object } : {}),
  };
  const damaged = (problem: string): Facts => ({ ...which, state: "damaged", problem });
  const found = findEnvelope(record, objects);
  if (found.state === "missing") {
    return { ...which, state: "missing", problem: missingInWords(found.why) };
  }
  if (found.state === "mismatch") {
    return damaged("it is not what its source refers to, by size or digest");
  }
  let envelope: Envelope;
  try {
    envelope = parseEnvelope(found.bytes);
  } catch (error) {
    const { message } = error instanceof EnvelopeError ? error : new EnvelopeError("damaged");
    return damaged(message);
  }
  const facts = { ...which, ...headFacts(envelope, found.bytes), digest: digestFact(record) };
  const problem = problemOf(record, envelope);
  return problem === null ? facts : { ...facts, state: "damaged", problem };
}

/** What contradicts itself, though it can be parsed. */
function problemOf(record: ContentRecord, { head }: Envelope): string | null {
  if (partKey({ ...record, ...head }) !== partKey(record)) {
    return "the envelope says that it belongs to another part";
  }
  const mode = head.kind === "sealed" ? "encrypted" : "plaintext";
  if (record.mode !== null && record.mode !== mode) {
    return "the source says another mode than the envelope";
  }
  return null;
}

/** A digest that does not fit was told as damage before. */
function digestFact({ content }: ContentRecord): string {
  return content.state !== "missing" && content.sha256 !== null ? "right" : "not given";
}

function headFacts({ head, boxes, body }: Envelope, bytes: Uint8Array) {
  return {
    state: head.kind,
    version: VERSION,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    media: head.media,
    compression: head.compression,
    cut: head.isCut,
    subject: head.handle,
    // The body of a plaintext envelope is content.
    ...(head.kind === "sealed"
      ? {
          kid: head.kid,
          recipients: boxes.map(({ recipientId }) => recipientId),
          ciphertext: `${Buffer.from(body.subarray(0, SHOWN_BYTES)).toString("hex")}…`,
        }
      : {}),
  };
}

function inWords(facts: Facts): string {
  const lines = Object.entries(facts).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(", ") || "none" : String(value);
    return `  ${name.padEnd(12)} ${text}`;
  });
  return `${String(facts["trace_id"])} ${String(facts["field"])}\n${lines.join("\n")}\n`;
}
