/** Sealed content in a data directory, for tests: put there without a gateway, and read as an auditor does who has the master key in hand. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openContentObjects } from "../../db/content-objects.ts";
import { openContent } from "../../db/sqlite/content.ts";
import { openSubjects } from "../../db/sqlite/subjects.ts";
import type { ContentRow } from "../../db/store.ts";
import { CONTENT_FILES } from "../content/files.ts";
import { createSealing, type SealJob } from "../content/sealing.ts";
import { parseSecretsText } from "../config/secrets-file.ts";
import { createKeyring } from "../encryption/keyring.ts";
import { openEnvelope, type OpenedPart, type OpeningKeys } from "../encryption/open.ts";
import type { Epochs, RecipientKeyPair } from "../encryption/recipients.ts";

interface SealOptions {
  readonly key: string;
  readonly now: () => number;
  /** Of recipients; null: there are none. */
  readonly epochs?: Epochs | null;
}

/** Seals as the gateway's thread does. @param dataDir made if it is not there; no gateway may have it open */
export async function sealInto(
  dataDir: string,
  jobs: readonly SealJob[],
  { key, now, epochs = null }: SealOptions,
): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const subjects = openSubjects({
    database: join(dataDir, CONTENT_FILES.subjects),
    erasedList: join(dataDir, CONTENT_FILES.erased),
  });
  const content = openContent(join(dataDir, CONTENT_FILES.content));
  const sealing = createSealing({
    subjects,
    content,
    objects: openContentObjects(join(dataDir, CONTENT_FILES.objects)),
    keyring: createKeyring(key, []),
    epochs,
    random: (size) => new Uint8Array(randomBytes(size)),
    now,
    inlineMaxBytes: 16_384,
    maxBytes: 100_000,
  });
  await sealing.seal(jobs);
  content.close();
  subjects.close();
}

/** A stored part that the disk has spoilt. @returns its trace */
export async function putSpoiltPart(dataDir: string): Promise<string> {
  const content = openContent(join(dataDir, CONTENT_FILES.content));
  const traceId = "ab".repeat(16);
  await content.add([
    {
      traceId,
      spanId: "ab".repeat(8),
      field: "input",
      timeMs: Date.now(),
      mode: "encrypted",
      content: { state: "inline", envelope: new Uint8Array([0, 17]), sha256: "0".repeat(64) },
    },
  ]);
  content.close();
  return traceId;
}

/** The rows of `content.sqlite`, oldest first. */
export async function contentRows(dataDir: string): Promise<readonly ContentRow[]> {
  const content = openContent(join(dataDir, CONTENT_FILES.content));
  try {
    return await content.since(0, Number.MAX_SAFE_INTEGER, null, 10_000);
  } finally {
    content.close();
  }
}

/** Waits until so many parts are there. Rejects after five seconds. */
export async function waitForContent(
  dataDir: string,
  count: number,
): Promise<readonly ContentRow[]> {
  for (let i = 0; i < 250; i++) {
    const rows = await contentRows(dataDir);
    if (rows.length >= count) return rows;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited for ${count} parts, found ${(await contentRows(dataDir)).length}`);
}

/** The bytes at rest of one part; null if it was left out. */
export async function envelopeOf(dataDir: string, row: ContentRow): Promise<Uint8Array | null> {
  if (row.content.state === "inline") return row.content.envelope;
  if (row.content.state === "omitted") return null;
  return openContentObjects(join(dataDir, CONTENT_FILES.objects)).get(row.content.object);
}

export interface Auditor {
  /** Default: that of the directory's `secrets.env`. */
  readonly key?: string;
  readonly recipient?: RecipientKeyPair;
}

/** Opens one part with the keys of the directory. @throws (rejects with) EnvelopeError */
export async function openPart(
  dataDir: string,
  row: ContentRow,
  auditor: Auditor = {},
): Promise<OpenedPart> {
  const envelope = await envelopeOf(dataDir, row);
  if (envelope === null) throw new Error("the part was left out");
  return openEnvelope(envelope, await openingKeys(dataDir, auditor));
}

/** What the keys of a data directory open. */
export async function openingKeys(dataDir: string, auditor: Auditor = {}): Promise<OpeningKeys> {
  const subjects = openSubjects({
    database: join(dataDir, CONTENT_FILES.subjects),
    erasedList: join(dataDir, CONTENT_FILES.erased),
  });
  try {
    const live = new Map((await subjects.list(null, 10_000)).map((each) => [each.handle, each]));
    const erased = new Set((await subjects.erased()).map(({ handle }) => handle));
    return {
      keyring: createKeyring(auditor.key ?? masterKey(dataDir), []),
      recipient: auditor.recipient ?? null,
      subjects: (handle) => {
        const found = live.get(handle);
        if (found !== undefined) {
          return { state: "live", wrapped: { kid: found.kid, bytes: found.wrapped } };
        }
        return { state: erased.has(handle) ? "erased" : "unknown" };
      },
    };
  } finally {
    subjects.close();
  }
}

function masterKey(dataDir: string): string {
  const parsed = parseSecretsText(readFileSync(join(dataDir, "secrets.env"), "utf8"));
  const key = parsed.ok ? parsed.values.get("ANYRAY_CONTENT_KEY") : undefined;
  if (key === undefined) throw new Error("there is no master key in secrets.env");
  return key;
}
