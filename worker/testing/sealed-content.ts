/** What an auditor can read of a data directory: for tests, with the master key in hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openContentObjects } from "../../db/content-objects.ts";
import { openContent } from "../../db/sqlite/content.ts";
import { openSubjects } from "../../db/sqlite/subjects.ts";
import type { ContentRow } from "../../db/store.ts";
import { CONTENT_FILES } from "../content/files.ts";
import { parseSecretsText } from "../config/secrets-file.ts";
import { createKeyring } from "../encryption/keyring.ts";
import { openEnvelope, type OpenedPart, type OpeningKeys } from "../encryption/open.ts";
import type { RecipientKeyPair } from "../encryption/recipients.ts";

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
