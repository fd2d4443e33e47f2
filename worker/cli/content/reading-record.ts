/** What `decrypt` writes down of itself, and `audit import` takes into the chain: canonical JSON with a MAC by the master key (`worker/encryption/SPEC.md`). */
import { createHash } from "node:crypto";
import { isIdentity } from "../../chat.ts";
import { utf8Bytes } from "../../bytes.ts";
import type { Keyring } from "../../encryption/keyring.ts";

const FORMAT = "anyray-reading-record";

export interface ReadingRecord {
  readonly timeMs: number;
  readonly actor: string;
  readonly reason: string;
  readonly traces: readonly string[];
  readonly subjects: readonly string[];
  readonly parts: number;
  /** Of the master key that the MAC is by. */
  readonly kid: string;
}

export function encodeReadingRecord(record: ReadingRecord, keyring: Keyring): string {
  const body = canonical(record);
  const mac = keyring.signReadingRecord(utf8Bytes(body));
  return `${JSON.stringify({ ...JSON.parse(body), mac }, null, 2)}\n`;
}

/** @throws Error in our own words for what is no reading record, or is not by any of the master keys */
export function parseReadingRecord(text: string, keyring: Keyring): ReadingRecord {
  const value = parseObject(text);
  const { mac } = value;
  const record: ReadingRecord = {
    timeMs: typeof value["time"] === "string" ? Date.parse(value["time"]) : Number.NaN,
    actor: String(value["actor"]),
    reason: String(value["reason"]),
    traces: texts(value["traces"]),
    subjects: texts(value["subjects"]),
    parts: Number(value["parts"]),
    kid: String(value["kid"]),
  };
  if (value["format"] !== FORMAT || value["version"] !== 1 || Number.isNaN(record.timeMs)) {
    throw new Error("it is no reading record of this version");
  }
  if (
    !isIdentity(record.actor) ||
    !isIdentity(record.reason) ||
    !Number.isSafeInteger(record.parts)
  ) {
    throw new Error("a member of it is malformed");
  }
  if (typeof mac !== "string" || !keyring.verifyReadingRecord(utf8Bytes(canonical(record)), mac)) {
    throw new Error(
      "its MAC is by none of the master keys here: it was changed, or made elsewhere",
    );
  }
  return record;
}

/** Tells one reading from every other: 64 hex digits. */
export function readingDigest(record: ReadingRecord): string {
  return createHash("sha256").update(canonical(record)).digest("hex");
}

/** Members in the order of their names, no space. */
function canonical(record: ReadingRecord): string {
  return JSON.stringify({
    actor: record.actor,
    format: FORMAT,
    kid: record.kid,
    parts: record.parts,
    reason: record.reason,
    subjects: record.subjects,
    time: new Date(record.timeMs).toISOString(),
    traces: record.traces,
    version: 1,
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  if (typeof value !== "object" || value === null) throw new Error("it is no object");
  return { ...value };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
