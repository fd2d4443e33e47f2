/**
 * Who the caller says is asking: the `x-anyray-metadata` header, and the session names that known clients send.
 * Names that don't match the identity pattern are refused (metadata) or left out (sessions); they are never stored.
 */
import { Buffer } from "node:buffer";
import { isIdentity } from "../chat.ts";
import { isObject, objectAt, parseJsonObject, type JsonObject } from "../dialects/read.ts";
import { GatewayError } from "../errors.ts";
import { encodeMetadata } from "../kept-metadata.ts";

const HEADER = "x-anyray-metadata";
const MAX_BYTES = 4096;
const MAX_MEMBERS = 16;
const NAMED: readonly string[] = ["user", "userId", "team", "session", "sessionId", "tool"];

export interface Metadata {
  readonly user: string | null;
  readonly team: string | null;
  readonly session: string | null;
  /** What the operator wants kept beside them, as `kept-metadata.ts` words it. */
  readonly kept: string | null;
}

const NO_METADATA: Metadata = { user: null, team: null, session: null, kept: null };

/**
 * @param keys further members that are kept
 * @throws GatewayError `invalid_request` naming the member
 */
export function parseMetadata(header: string | null, keys: readonly string[]): Metadata {
  if (header === null) return NO_METADATA;
  const json = parseHeader(header);
  const members = Object.entries(json);
  if (members.length > MAX_MEMBERS) throw refuse("", `At most ${MAX_MEMBERS} members.`);
  for (const [name, value] of members) {
    if (!isObject(value) && !Array.isArray(value)) continue;
    // Only our own names and the operator's are repeated: any other is the caller's text.
    const isKnown = NAMED.includes(name) || keys.includes(name);
    throw refuse(isKnown ? `.${name}` : "", "Members must be scalars.");
  }
  nameAt(json, ["tool"]);
  return {
    user: nameAt(json, ["user", "userId"]),
    team: nameAt(json, ["team"]),
    session: nameAt(json, ["session", "sessionId"]),
    kept: keys.length === 0 ? null : encodeMetadata(namesAt(json, keys)),
  };
}

function namesAt(json: JsonObject, keys: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const key of keys) {
    const name = nameAt(json, [key]);
    if (name !== null) names.set(key, name);
  }
  return names;
}

function parseHeader(header: string): JsonObject {
  const bytes = Buffer.from(header, "latin1");
  if (bytes.length > MAX_BYTES) throw refuse("", "At most 4 KiB.");
  let json: JsonObject | null = null;
  try {
    // Runtimes hand header bytes over as Latin-1.
    json = parseJsonObject(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw refuse("", "It must be UTF-8.");
  }
  if (json === null) throw refuse("", "It must be a JSON object.");
  return json;
}

/** The first of the spellings that is there; all that are there must agree. */
function nameAt(json: JsonObject, spellings: readonly string[]): string | null {
  let found: string | null = null;
  for (const spelling of spellings) {
    const value = json[spelling];
    if (value === undefined || value === null) continue;
    const name = typeof value === "number" ? String(value) : value;
    if (typeof name !== "string" || !isIdentity(name)) {
      throw refuse(`.${spelling}`, "It must be a name: letters, digits and . _ @ : / + = -.");
    }
    if (found !== null && found !== name) throw refuse(`.${spelling}`, "Two spellings differ.");
    found = name;
  }
  return found;
}

function refuse(member: string, hint: string): GatewayError {
  return new GatewayError("invalid_request", { field: HEADER + member, hint });
}

/** Session names by header: Claude Code's, then Codex'. */
export function sessionFromHeaders(headers: Headers): string | null {
  return (
    identityOrNull(headers.get("x-claude-code-session-id")) ??
    identityOrNull(headers.get("session-id"))
  );
}

/** Claude Code's `metadata.user_id`: `…_session_<id>`, or JSON text with a `session_id`. */
export function sessionFromBody(json: JsonObject): string | null {
  const userId = objectAt(json, "metadata")?.["user_id"];
  if (typeof userId !== "string") return null;
  if (userId.startsWith("{")) {
    const session = parseJsonObject(userId)?.["session_id"];
    return typeof session === "string" ? identityOrNull(session) : null;
  }
  const at = userId.lastIndexOf("_session_");
  return at < 0 ? null : identityOrNull(userId.slice(at + "_session_".length));
}

function identityOrNull(value: string | null): string | null {
  return value !== null && isIdentity(value) ? value : null;
}
