/**
 * From untrusted bytes to a request body: valid UTF-8, valid JSON, one object, no member that two readers could
 * read differently. What the members mean is the dialect's business.
 */
import { latin1 } from "../bytes.ts";
import { GatewayError } from "../errors.ts";
import { foldCase, isIntricate, scanFields, type FieldSpan } from "./fields.ts";

/** Members on which the gateway acts: what it checks must be what the provider bills, or opens. */
const METERED = new Set([
  "model",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "n",
  "best_of",
  "service_tier",
  "background",
  "previous_response_id",
  "conversation",
  "input_file_id",
]);

export interface JsonBody {
  readonly bytes: Uint8Array;
  readonly json: Readonly<Record<string, unknown>>;
  /** Top-level members by name. */
  readonly fields: ReadonlyMap<string, FieldSpan>;
}

/** Parsing takes about a second for every few millions of them, in which nobody else is served. Large inputs are long, not intricate. */
const MAX_PARTS = 500_000;

/** A name that case folding leaves as it is: the usual one. */
const FOLDED = /^[a-z0-9_]*$/;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @throws GatewayError `invalid_json` (also for bytes that are not UTF-8), `invalid_request` (not an object, or too intricate),
 * `ambiguous_field` (a top-level name twice, or a metered name in other letter case)
 */
export function parseJsonBody(bytes: Uint8Array): JsonBody {
  const text = decode(bytes);
  if (isIntricate(text, MAX_PARTS)) {
    throw new GatewayError("invalid_request", {
      hint: `The body has more than ${MAX_PARTS} objects, lists and members.`,
    });
  }
  const json = parseObject(text);
  const fields = new Map<string, FieldSpan>();
  // Text that is ASCII alone has a character a byte already.
  for (const field of scanFields(text.length === bytes.length ? text : latin1(bytes))) {
    if (fields.has(field.name)) {
      throw new GatewayError(
        "ambiguous_field",
        METERED.has(field.name) ? { field: field.name } : {},
      );
    }
    if (!METERED.has(field.name) && !FOLDED.test(field.name)) {
      const folded = foldCase(field.name);
      if (METERED.has(folded)) throw new GatewayError("ambiguous_field", { field: folded });
    }
    fields.set(field.name, field);
  }
  return { bytes, json, fields };
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new GatewayError("invalid_json");
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The runtime's error quotes the input: it must not travel on.
    throw new GatewayError("invalid_json");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new GatewayError("invalid_request", { hint: "The body must be a JSON object." });
  }
  // `JSON.parse` gives plain objects only.
  return value as Record<string, unknown>;
}
