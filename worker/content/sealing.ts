/**
 * Recorded parts → sealed parts at rest. Runs in the sealing thread; everything from outside is handed in. What can't be sealed
 * or stored becomes a row that says why, and if not even that can be written, a count.
 */
import { createHash } from "node:crypto";
import type {
  ContentObjects,
  ContentRow,
  ContentStore,
  OmitReason,
  SubjectStore,
} from "../../db/store.ts";
import type { Field, Media } from "../encryption/envelope.ts";
import type { Keyring } from "../encryption/keyring.ts";
import type { Epochs } from "../encryption/recipients.ts";
import { plainEnvelope, sealPart, type Part } from "../encryption/seal.ts";
import { createSubjectKeys, type SubjectKeys } from "./subject-keys.ts";

/** A part on its way to the thread. Ids in lower-case hex. */
export interface SealJob {
  readonly traceId: string;
  readonly spanId: string;
  readonly timeMs: number;
  readonly mode: "encrypted" | "plaintext";
  /** From `subjectName`. */
  readonly subject: string;
  readonly field: Field;
  readonly media: Media;
  readonly isCut: boolean;
  readonly bytes: Uint8Array;
  readonly omitted: OmitReason | null;
}

export type StoreState = "ok" | "full" | "failed";

export type PartResult = "inline" | "object" | OmitReason;

export interface SealReport {
  /** How many parts came to what. */
  readonly results: Readonly<Partial<Record<PartResult, number>>>;
  readonly store: StoreState;
}

export interface SealingOptions {
  readonly subjects: SubjectStore;
  readonly content: ContentStore;
  readonly objects: ContentObjects;
  readonly keyring: Keyring;
  /** Null: no recipients. */
  readonly epochs: Epochs | null;
  readonly random: (size: number) => Uint8Array;
  readonly now: () => number;
  readonly inlineMaxBytes: number;
  readonly maxBytes: number;
}

export interface Sealing {
  readonly keys: SubjectKeys;
  /** Never rejects. */
  seal(jobs: readonly SealJob[]): Promise<SealReport>;
}

export function createSealing(options: SealingOptions): Sealing {
  const { content, objects, epochs, inlineMaxBytes, maxBytes } = options;
  const keys = createSubjectKeys(options);

  async function envelopeOf(job: SealJob): Promise<Uint8Array> {
    const part: Part = {
      traceId: job.traceId,
      spanId: job.spanId,
      field: job.field,
      media: job.media,
      isCut: job.isCut,
      bytes: job.bytes,
    };
    if (job.mode === "plaintext") return plainEnvelope(part, await keys.handleOf(job.subject));
    const { handle, key } = await keys.of(job.subject);
    return sealPart(part, {
      kid: options.keyring.kid,
      handle,
      subjectKey: key,
      share: epochs === null ? null : await epochs.shareFor(handle),
      random: options.random,
    });
  }

  async function store(job: SealJob): Promise<ContentRow["content"]> {
    if (job.omitted !== null) return { state: "omitted", reason: job.omitted };
    const envelope = await envelopeOf(job);
    if (envelope.length > maxBytes) return { state: "omitted", reason: "too_large" };
    const sha256 = createHash("sha256").update(envelope).digest("hex");
    if (envelope.length <= inlineMaxBytes) return { state: "inline", envelope, sha256 };
    const day = new Date(job.timeMs).toISOString().slice(0, 10);
    const object = await objects.put(day, envelope);
    return { state: "object", object, sizeBytes: envelope.length, sha256 };
  }

  async function removeObjects(rows: readonly ContentRow[]): Promise<void> {
    for (const { content: part } of rows) {
      if (part.state === "object") await objects.remove(part.object).catch(() => undefined);
    }
  }

  return {
    keys,
    async seal(jobs) {
      let state: StoreState = "ok";
      const rows: ContentRow[] = [];
      keys.dropStale();
      for (const job of jobs) {
        const { traceId, spanId, field, timeMs, mode } = job;
        let part: ContentRow["content"];
        try {
          part = await store(job);
        } catch (error) {
          state = stateAfter(error);
          part = { state: "omitted", reason: reasonOf(state) };
        }
        rows.push({ traceId, spanId, field, timeMs, mode, content: part });
      }
      try {
        await content.add(rows);
      } catch (error) {
        state = stateAfter(error);
        const reason = reasonOf(state);
        // Their rows are not there for certain, and the room is needed.
        if (state === "full") await removeObjects(rows);
        return { results: { [reason]: rows.length }, store: state };
      }
      return { results: countResults(rows), store: state };
    },
  };
}

function countResults(rows: readonly ContentRow[]): SealReport["results"] {
  const results: Partial<Record<PartResult, number>> = {};
  for (const { content } of rows) {
    const result = content.state === "omitted" ? content.reason : content.state;
    results[result] = (results[result] ?? 0) + 1;
  }
  return results;
}

function reasonOf(state: StoreState): OmitReason {
  return state === "full" ? "store_full" : "store_failed";
}

/** SQLITE_FULL, as Bun and `node:sqlite` name it. */
const SQLITE_FULL = 13;

/** Whether there was no room, or something else failed. */
export function stateAfter(error: unknown): Exclude<StoreState, "ok"> {
  if (!(error instanceof Error)) return "failed";
  const { code, errno, errcode } = error as { code?: unknown; errno?: unknown; errcode?: unknown };
  const isFull =
    code === "ENOSPC" ||
    code === "EDQUOT" ||
    code === "SQLITE_FULL" ||
    errno === SQLITE_FULL ||
    errcode === SQLITE_FULL;
  return isFull ? "full" : "failed";
}
