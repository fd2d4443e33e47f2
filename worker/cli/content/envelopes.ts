/** The bytes of a part's envelope, from the trace or from the content directory; checked against what the trace says of them. */
import { createHash } from "node:crypto";
import type { ContentObjects } from "../../../db/store.ts";
import type { ContentRecord } from "./record.ts";

export type FoundEnvelope =
  | { readonly state: "found"; readonly bytes: Uint8Array }
  /** The object is not what the trace refers to. */
  | { readonly state: "mismatch" }
  | { readonly state: "missing"; readonly why: string };

/** @param objects null: there is no content directory */
export async function findEnvelope(
  { content }: ContentRecord,
  objects: ContentObjects | null,
): Promise<FoundEnvelope> {
  if (content.state === "missing") return content;
  if (content.state === "inline") return { state: "found", bytes: content.envelope };
  if (objects === null) return { state: "missing", why: "no_content_dir" };
  const bytes = await objects.get(content.object);
  if (bytes === null) return { state: "missing", why: "no_object" };
  const isRight =
    (content.sizeBytes === null || content.sizeBytes === bytes.length) &&
    (content.sha256 === null ||
      content.sha256 === createHash("sha256").update(bytes).digest("hex"));
  return isRight ? { state: "found", bytes } : { state: "mismatch" };
}

const WORDS: Readonly<Record<string, string>> = {
  cut: "the trace back end cut it off: raise its limit for attributes",
  unreadable: "what the trace says of it is malformed",
  no_content_dir: "it is an object, and no content directory was given (--content-dir)",
  no_object: "its object is not in the content directory",
  too_large: "it was left out: larger than ANYRAY_CONTENT_MAX_BYTES",
  queue_full: "it was left out: the gateway's memory for content was full",
  store_full: "it was left out: the disk was full",
  store_failed: "it was left out: the store could not be written",
  sealer_failed: "it was left out: the sealing thread ended",
  lost: "it was lost in a crash before it was sealed",
};

/** Why there is no envelope, for a person. */
export function missingInWords(why: string): string {
  return WORDS[why] ?? "it is not there";
}
