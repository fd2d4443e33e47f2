/**
 * What may pass unread: the closed list of addresses, each under the endpoint that a provider's `capabilities.endpoints` and a
 * key's `endpoints` name. An address that is not here is not there: among those left out are some whose answers would show one key what
 * belongs to another.
 */
import type { OpaqueEndpoint } from "../chat.ts";

export interface Operation {
  readonly endpoint: OpaqueEndpoint;
  readonly method: "POST" | "GET" | "DELETE";
  /** Behind `/v1`, and behind a provider's base URL; `:id` is the object's. */
  readonly path: `/${string}`;
  /** `json`: read, for the model and the ids in it. `upload`: not read. `either`: by its content type. */
  readonly body: "json" | "upload" | "either" | "none";
  /** `object`: of one object, which must be the key's own. `list`: of all objects, the other keys' too. */
  readonly reach: "new" | "object" | "list";
  /** Members of a JSON answer that hold ids which are the key's own from then on. */
  readonly issues: readonly string[];
  readonly summary: string;
}

const FILE_ID = ["id"] as const;
const BATCH_IDS = ["id", "output_file_id", "error_file_id"] as const;

export const OPERATIONS = [
  post("images", "/images/generations", "json", "Make images"),
  post("images", "/images/edits", "either", "Edit images"),
  post("images", "/images/variations", "upload", "Make variations of an image"),
  post("audio", "/audio/speech", "json", "Text to speech"),
  post("audio", "/audio/transcriptions", "upload", "Speech to text"),
  post("audio", "/audio/translations", "upload", "Speech to English text"),
  { ...post("files", "/files", "upload", "Upload a file"), issues: FILE_ID },
  list("files", "/files", "List files: with the caller's own credential only"),
  of("files", "GET", "/files/:id", "Read about a file that this key uploaded, or was given"),
  of("files", "DELETE", "/files/:id", "Delete a file that this key uploaded, or was given"),
  of("files", "GET", "/files/:id/content", "Read a file that this key uploaded, or was given"),
  { ...post("batches", "/batches", "json", "Start a batch"), issues: BATCH_IDS },
  list("batches", "/batches", "List batches: with the caller's own credential only"),
  {
    ...of("batches", "GET", "/batches/:id", "Read about a batch that this key started"),
    issues: BATCH_IDS,
  },
  {
    ...of("batches", "POST", "/batches/:id/cancel", "Cancel a batch that this key started"),
    issues: BATCH_IDS,
  },
  post("moderations", "/moderations", "json", "Classify text and images"),
  post("rerank", "/rerank", "json", "Order documents by how well they fit a query"),
] as const satisfies readonly Operation[];

function post(
  endpoint: OpaqueEndpoint,
  path: Operation["path"],
  body: "json" | "upload" | "either",
  summary: string,
): Operation {
  return { endpoint, method: "POST", path, body, reach: "new", issues: [], summary };
}

function list(endpoint: OpaqueEndpoint, path: Operation["path"], summary: string): Operation {
  return { endpoint, method: "GET", path, body: "none", reach: "list", issues: [], summary };
}

function of(
  endpoint: OpaqueEndpoint,
  method: Operation["method"],
  path: Operation["path"],
  summary: string,
): Operation {
  return { endpoint, method, path, body: "none", reach: "object", issues: [], summary };
}
