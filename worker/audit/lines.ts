/** The audit log outside the database: JSON lines, one an entry or a checkpoint. Reading them trusts nothing. */
import type { AuditRecord } from "../../db/store.ts";
import { canonicalFacts, type AuditFacts } from "./entry.ts";
import type { Checkpoint } from "./checkpoint.ts";

const HASH = /^[0-9a-f]{64}$/;

export type AuditLine =
  | { readonly kind: "entry"; readonly entry: AuditRecord }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint };

/** As the admin API gives an entry. */
export function entryJson(entry: AuditRecord) {
  return {
    seq: entry.seq,
    time: new Date(entry.timeMs).toISOString(),
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    before: parseFacts(entry.before),
    after: parseFacts(entry.after),
    prev_hash: entry.prevHash,
    hash: entry.hash,
  };
}

export function checkpointJson(checkpoint: Checkpoint) {
  const { seq, hash, time, publicKey, signature } = checkpoint;
  return { seq, hash, time, public_key: publicKey, signature };
}

/** Each ends with a newline. */
export function entryLine(entry: AuditRecord): string {
  return `${JSON.stringify({ kind: "entry", ...entryJson(entry) })}\n`;
}

export function checkpointLine(checkpoint: Checkpoint): string {
  return `${JSON.stringify({ kind: "checkpoint", ...checkpointJson(checkpoint) })}\n`;
}

/** Null for what is neither. */
export function parseAuditLine(line: string): AuditLine | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof json !== "object" || json === null) return null;
  // An object of JSON: whatever its members are, they are unknown.
  const members = json as Readonly<Record<string, unknown>>;
  if (members["kind"] === "checkpoint") return parseCheckpoint(members);
  return members["kind"] === "entry" ? parseEntry(members) : null;
}

function parseCheckpoint(json: Readonly<Record<string, unknown>>): AuditLine | null {
  const { seq, hash, time, public_key: publicKey, signature } = json;
  if (!isSeq(seq) || !isHash(hash)) return null;
  if (typeof time !== "string" || typeof publicKey !== "string" || typeof signature !== "string") {
    return null;
  }
  return { kind: "checkpoint", checkpoint: { seq, hash, time, publicKey, signature } };
}

function parseEntry(json: Readonly<Record<string, unknown>>): AuditLine | null {
  const { seq, time, actor, action, target, prev_hash: prevHash, hash } = json;
  if (!isSeq(seq) || !isHash(hash) || !isHash(prevHash)) return null;
  if (typeof actor !== "string" || typeof action !== "string" || typeof target !== "string") {
    return null;
  }
  const timeMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(timeMs)) return null;
  try {
    const before = canonicalOf(json["before"]);
    const after = canonicalOf(json["after"]);
    return {
      kind: "entry",
      entry: { seq, timeMs, actor, action, target, before, after, prevHash, hash },
    };
  } catch {
    return null;
  }
}

/** @throws Error for what no entry may hold */
function canonicalOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") throw new Error("no facts");
  // What its members are is checked, one by one, as they are written.
  return canonicalFacts(value as AuditFacts);
}

/** Written by `sealEntry`, so a flat object. */
function parseFacts(text: string | null): Record<string, unknown> | null {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

function isSeq(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && HASH.test(value);
}
