/** What `anyray keys export` writes for an auditor: wrapped subject keys and tombstones. No names, and nothing that opens anything without the master key. */
import { Buffer } from "node:buffer";

const FORMAT = "anyray-key-export";
const VERSION = 1;
const HANDLE = /^[0-9a-f]{32}$/;
const KID = /^[0-9a-f]{16}$/;
const WRAPPED_BYTES = 60;

export interface ExportedSubject {
  readonly handle: string;
  readonly kid: string;
  readonly wrapped: Uint8Array;
}

export interface KeyExport {
  readonly madeAtMs: number;
  readonly subjects: readonly ExportedSubject[];
  readonly erased: readonly { readonly handle: string; readonly erasedAtMs: number }[];
}

export function encodeKeyExport({ madeAtMs, subjects, erased }: KeyExport): string {
  const value = {
    format: FORMAT,
    version: VERSION,
    made_at: new Date(madeAtMs).toISOString(),
    subjects: subjects.map(({ handle, kid, wrapped }) => ({
      handle,
      kid,
      wrapped: Buffer.from(wrapped).toString("base64"),
    })),
    erased: erased.map(({ handle, erasedAtMs }) => ({
      handle,
      erased_at: new Date(erasedAtMs).toISOString(),
    })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** @throws Error that names the member that is wrong, and quotes nothing */
export function parseKeyExport(text: string): KeyExport {
  const root = members(parseJson(text), "the file");
  if (root["format"] !== FORMAT) throw new Error("it is no key export: `format` says otherwise");
  if (root["version"] !== VERSION)
    throw new Error("`version` is one that this program does not know");
  return {
    madeAtMs: time(root["made_at"], "made_at"),
    subjects: list(root["subjects"], "subjects").map((each, i) => {
      const place = `subjects[${i}]`;
      const subject = members(each, place);
      const wrapped = text64(subject["wrapped"], `${place}.wrapped`);
      if (wrapped.length !== WRAPPED_BYTES)
        throw new Error(`\`${place}.wrapped\` has a wrong length`);
      return {
        handle: matching(subject["handle"], HANDLE, `${place}.handle`),
        kid: matching(subject["kid"], KID, `${place}.kid`),
        wrapped,
      };
    }),
    erased: list(root["erased"], "erased").map((each, i) => {
      const place = `erased[${i}]`;
      const tombstone = members(each, place);
      return {
        handle: matching(tombstone["handle"], HANDLE, `${place}.handle`),
        erasedAtMs: time(tombstone["erased_at"], `${place}.erased_at`),
      };
    }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The runtime's own words quote the file.
    throw new Error("it is no JSON");
  }
}

function members(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`\`${place}\` is no object`);
  }
  return { ...value };
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`\`${place}\` is no list`);
  return value;
}

function matching(value: unknown, pattern: RegExp, place: string): string {
  if (typeof value !== "string" || !pattern.test(value))
    throw new Error(`\`${place}\` is malformed`);
  return value;
}

function text64(value: unknown, place: string): Uint8Array {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    throw new Error(`\`${place}\` is no base64`);
  }
  return new Uint8Array(Buffer.from(value, "base64"));
}

function time(value: unknown, place: string): number {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new Error(`\`${place}\` is no time`);
  return ms;
}
