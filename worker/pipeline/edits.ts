/** What must change in the caller's bytes before they go up: the model's name, and the wish for usage. Byte splices only. */
import { scanFieldsAt, type Edit } from "../body/fields.ts";
import type { JsonBody } from "../body/parse.ts";
import { utf8Bytes } from "../bytes.ts";
import { isObject } from "../dialects/read.ts";

const INCLUDE_USAGE = utf8Bytes('"stream_options":{"include_usage":true},');
const USAGE_OPTIONS = utf8Bytes('{"include_usage":true}');
const USAGE_MEMBER = utf8Bytes('"include_usage":true');
const COMMA = utf8Bytes(",");
const TRUE = utf8Bytes("true");

export function modelEdit(body: JsonBody, model: string): Edit | null {
  const field = body.fields.get("model");
  if (field === undefined || body.json["model"] === model) return null;
  return { start: field.valueStart, end: field.valueEnd, bytes: utf8Bytes(JSON.stringify(model)) };
}

/** Whether the caller asked for the usage chunk itself. */
export function asksForUsage(body: JsonBody): boolean {
  const options = body.json["stream_options"];
  return isObject(options) && options["include_usage"] === true;
}

/** Sets `stream_options.include_usage` to true, in the least bytes. For a request that does not ask for it. */
export function usageEdits(body: JsonBody): Edit[] {
  const field = body.fields.get("stream_options");
  if (field === undefined) {
    const [first] = body.fields.values();
    return first === undefined ? [] : [insert(first.keyStart, INCLUDE_USAGE)];
  }
  if (!isObject(body.json["stream_options"])) {
    return [{ start: field.valueStart, end: field.valueEnd, bytes: USAGE_OPTIONS }];
  }
  const members = scanFieldsAt(body.bytes, field.valueStart);
  const named = members.filter((member) => member.name === "include_usage");
  if (named.length > 0) {
    // A name that stands twice is set twice: whichever the provider reads, it reads the same.
    return named.map((member) => ({ start: member.valueStart, end: member.valueEnd, bytes: TRUE }));
  }
  const [first] = members;
  if (first === undefined) {
    return [{ start: field.valueStart, end: field.valueEnd, bytes: USAGE_OPTIONS }];
  }
  return [insert(first.keyStart, USAGE_MEMBER), insert(first.keyStart, COMMA)];
}

function insert(at: number, bytes: Uint8Array): Edit {
  return { start: at, end: at, bytes };
}
