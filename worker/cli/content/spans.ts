/** A span's attributes → the parts of content that they tell of. Whatever back end the span came from. */
import { Buffer } from "node:buffer";
import type { ContentRecord, FoundContent } from "./record.ts";

export interface SourceSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly timeMs: number | null;
  readonly attributes: ReadonlyMap<string, string>;
}

const OBJECT = /^\d{4}-\d\d-\d\d\/[0-9a-f]{2}\/[0-9a-f]{32}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const REASON = /^[a-z_]{1,40}$/;

export function contentOfSpan(span: SourceSpan): ContentRecord[] {
  const { traceId, spanId, timeMs, attributes } = span;
  const user = attributes.get("anyray.user") ?? null;
  return (["input", "output"] as const).flatMap((field) => {
    const content = contentOf(attributes, `anyray.content.${field}`);
    return content === null ? [] : [{ traceId, spanId, field, timeMs, user, content }];
  });
}

function contentOf(attributes: ReadonlyMap<string, string>, name: string): FoundContent | null {
  const sizeBytes = wholeNumber(attributes.get(`${name}.bytes`));
  const object = attributes.get(`${name}.ref`);
  if (object !== undefined) {
    if (!OBJECT.test(object)) return { state: "missing", why: "unreadable" };
    const sha256 = attributes.get(`${name}.sha256`) ?? null;
    return {
      state: "object",
      object,
      sizeBytes,
      sha256: sha256 !== null && SHA256.test(sha256) ? sha256 : null,
    };
  }
  const text = attributes.get(name);
  if (text !== undefined) return inline(text, sizeBytes);
  const reason = attributes.get(`${name}.omitted`);
  if (reason === undefined) return null;
  return { state: "missing", why: REASON.test(reason) ? reason : "unreadable" };
}

function inline(text: string, sizeBytes: number | null): FoundContent {
  const isWhole = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
  const envelope = new Uint8Array(Buffer.from(text, "base64"));
  if (sizeBytes !== null && envelope.length < sizeBytes) return { state: "missing", why: "cut" };
  if (!isWhole) return { state: "missing", why: sizeBytes === null ? "cut" : "unreadable" };
  return { state: "inline", envelope };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
