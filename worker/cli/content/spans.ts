/** A span's attributes → the parts of content that they tell of. Whatever back end the span came from. */
import { OMIT_REASONS } from "../../../db/store.ts";
import type { AttributeValue, StoredSpan } from "../../traces/read/stored-span.ts";
import { readInline } from "./inline-envelope.ts";
import {
  type ContentRecord,
  type FoundContent,
  isObjectName,
  isSha256,
  type MissingReason,
  type RecordMode,
} from "./record.ts";

/** What a span may say of a part that is not there. */
const SAID_REASONS: readonly MissingReason[] = [...OMIT_REASONS, "lost", "unreadable"];

export function contentOfSpan(span: StoredSpan): ContentRecord[] {
  const { traceId, spanId, startMs: timeMs } = span;
  const attributes = new Map([...span.attributes].map(([name, value]) => [name, textOf(value)]));
  const user = attributes.get("anyray.user") ?? null;
  const said = attributes.get("anyray.content.mode");
  const mode: RecordMode | null = said === "encrypted" || said === "plaintext" ? said : null;
  return (["input", "output"] as const).flatMap((field) => {
    const content =
      contentOf(attributes, `anyray.content.${field}`) ??
      (said === "lost" ? missing("lost") : null);
    return content === null ? [] : [{ traceId, spanId, field, timeMs, user, mode, content }];
  });
}

function textOf(value: AttributeValue): string | null {
  return value === null ? null : String(value);
}

/** Null: the span tells of no such part. */
function contentOf(
  attributes: ReadonlyMap<string, string | null>,
  name: string,
): FoundContent | null {
  const sha256 = attributes.get(`${name}.sha256`) ?? null;
  if (sha256 !== null && !isSha256(sha256)) return missing("unreadable");
  const claims = { sizeBytes: wholeNumber(attributes.get(`${name}.bytes`)), sha256 };

  const object = attributes.get(`${name}.ref`);
  if (object !== undefined) {
    if (object === null || !isObjectName(object)) return missing("unreadable");
    return { state: "object", object, ...claims };
  }
  const text = attributes.get(name);
  if (text !== undefined) return text === null ? missing("unreadable") : readInline(text, claims);
  const reason = attributes.get(`${name}.omitted`);
  return reason === undefined ? null : missing(reasonOf(reason));
}

function reasonOf(text: string | null): MissingReason {
  return SAID_REASONS.find((reason) => reason === text) ?? "left_out";
}

function missing(why: MissingReason): FoundContent {
  return { state: "missing", why };
}

function wholeNumber(text: string | null | undefined): number | null {
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
