/** The bytes of a part's envelope, from the trace or from the content directory; checked against what the trace says of them. */
import { createHash } from "node:crypto";
import type { ObjectFiles } from "./object-files.ts";
import type { ContentRecord, MissingReason } from "./record.ts";

export type NotFoundReason = MissingReason | "no_content_dir" | "no_object" | "object_failed";

export type FoundEnvelope =
  | { readonly state: "found"; readonly bytes: Uint8Array }
  /** Not what the trace refers to, by size or digest. */
  | { readonly state: "mismatch" }
  | { readonly state: "missing"; readonly why: NotFoundReason };

/** Far above what the gateway seals. */
const MAX_OBJECT_BYTES = 2 * 1024 * 1024 * 1024;

/** @param objects null: there is no content directory */
export function findEnvelope(
  { content }: ContentRecord,
  objects: ObjectFiles | null,
): FoundEnvelope {
  if (content.state === "missing") return content;
  const { sizeBytes, sha256 } = content;
  let bytes: Uint8Array;
  if (content.state === "inline") bytes = content.envelope;
  else {
    if (objects === null) return { state: "missing", why: "no_content_dir" };
    const object = objects.read(content.object, sizeBytes ?? MAX_OBJECT_BYTES);
    if (object.state === "absent") return { state: "missing", why: "no_object" };
    if (object.state === "failed") return { state: "missing", why: "object_failed" };
    if (object.state === "oversize") return { state: "mismatch" };
    ({ bytes } = object);
  }
  const isRight =
    (sizeBytes === null || sizeBytes === bytes.length) &&
    (sha256 === null || sha256 === createHash("sha256").update(bytes).digest("hex"));
  return isRight ? { state: "found", bytes } : { state: "mismatch" };
}

const WORDS: Readonly<Record<NotFoundReason, string>> = {
  cut: "the trace back end cut it off: raise its limit for attributes",
  unreadable: "what the source says of it is malformed",
  no_content_dir: "it is an object, and no content directory was given (--content-dir)",
  no_object: "its object is not in the content directory",
  object_failed: "its object is in the content directory, but can't be read",
  too_large: "it was left out: larger than ANYRAY_CONTENT_MAX_BYTES",
  queue_full: "it was left out: the gateway's memory for content was full",
  store_full: "it was left out: the disk was full",
  store_failed: "it was left out: the store could not be written",
  sealer_failed: "it was left out: the sealing thread ended",
  left_out: "it was left out, for a reason that this version does not know",
  lost: "it was lost in a crash before it was sealed",
};

/** Why there is no envelope, for a person. */
export function missingInWords(why: NotFoundReason): string {
  return WORDS[why];
}
