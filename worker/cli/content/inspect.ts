/** `anyray inspect`: all that can be told of sealed content without a key. Opens nothing. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { EnvelopeError } from "../../encryption/envelope-error.ts";
import { parseEnvelope, type Envelope } from "../../encryption/envelope.ts";
import type { Terminal } from "../terminal.ts";
import { findEnvelope, missingInWords } from "./envelopes.ts";
import type { ContentRecord } from "./record.ts";
import { chosenRecords, openSources, parseSelection, SELECTION_OPTIONS } from "./selection.ts";

const SHOWN_BYTES = 16;

/** Resolves to the exit code: 0 all is well-formed, 5 something is damaged, 8 something is not there. */
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
  const { sources, objects } = openSources(positionals, values["content-dir"]);
  let code = 0;
  let count = 0;
  // Without keys, a user is known only where the trace names one.
  const isUser = async (record: ContentRecord) => record.user === selection.user;
  for await (const record of chosenRecords(sources, selection, isUser)) {
    count += 1;
    const facts = await factsOf(record, objects);
    if (facts["problem"] !== undefined) code = Math.max(code, facts["state"] === "missing" ? 8 : 5);
    if (facts["state"] === "damaged") code = 5;
    terminal.out(values.json === true ? JSON.stringify(facts) : inWords(facts));
  }
  if (count === 0) {
    terminal.say("No content matches: look at --trace, --from and --to.");
    return 8;
  }
  return code;
}

type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

async function factsOf(
  record: ContentRecord,
  objects: Parameters<typeof findEnvelope>[1],
): Promise<Facts> {
  const { traceId, spanId, field, content } = record;
  const which = {
    trace_id: traceId,
    span_id: spanId,
    field,
    ...(record.timeMs === null ? {} : { time: new Date(record.timeMs).toISOString() }),
    ...(content.state === "object" ? { object: content.object } : {}),
  };
  const found = await findEnvelope(record, objects);
  if (found.state === "missing") {
    return { ...which, state: "missing", problem: missingInWords(found.why) };
  }
  if (found.state === "mismatch") {
    return {
      ...which,
      state: "damaged",
      problem: "the object is not the one that the trace refers to (size or digest)",
    };
  }
  try {
    const envelope = parseEnvelope(found.bytes);
    const belongs = envelope.head.traceId === traceId && envelope.head.field === field;
    return {
      ...which,
      ...headFacts(envelope, found.bytes),
      ...(belongs
        ? {}
        : { state: "damaged", problem: "the envelope says that it belongs elsewhere" }),
    };
  } catch (error) {
    const code = error instanceof EnvelopeError ? error : new EnvelopeError("damaged");
    return { ...which, state: "damaged", problem: code.message };
  }
}

function headFacts({ head, boxes, body }: Envelope, bytes: Uint8Array): Facts {
  return {
    state: head.kind,
    version: 1,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    media: head.media,
    compression: head.compression,
    cut: head.isCut,
    subject: head.handle,
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
