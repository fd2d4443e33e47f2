/** Which parts a command is about: the options that `decrypt` and `inspect` share, and the records that they choose. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openContentObjects } from "../../../db/content-objects.ts";
import type { ContentObjects } from "../../../db/store.ts";
import { CONTENT_FILES } from "../../content/files.ts";
import type { Field } from "../../encryption/envelope.ts";
import { UsageError } from "../failure.ts";
import { INSTANT_FORM, parseInstant } from "../instant.ts";
import type { ContentRecord } from "./record.ts";
import { openSource, type Source } from "./sources.ts";

export const SELECTION_OPTIONS = {
  trace: { type: "string" },
  user: { type: "string" },
  field: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  all: { type: "boolean" },
  "content-dir": { type: "string" },
} as const;

export interface SelectionValues {
  readonly trace?: string | undefined;
  readonly user?: string | undefined;
  readonly field?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly all?: boolean | undefined;
  readonly "content-dir"?: string | undefined;
}

export interface Selection {
  readonly traceId: string | null;
  readonly user: string | null;
  readonly field: Field | null;
  /** Inclusive and exclusive, ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** @throws UsageError */
export function parseSelection(values: SelectionValues): Selection {
  const { trace, user, field, from, to } = values;
  if (trace !== undefined && !/^[0-9a-fA-F]{32}$/.test(trace)) {
    throw new UsageError("--trace takes the 32 hex digits of x-anyray-trace-id.");
  }
  if (field !== undefined && field !== "input" && field !== "output") {
    throw new UsageError("--field takes input or output.");
  }
  return {
    traceId: trace?.toLowerCase() ?? null,
    user: user ?? null,
    field: field ?? null,
    fromMs: instant("from", from) ?? Number.MIN_SAFE_INTEGER,
    toMs: instant("to", to) ?? Number.MAX_SAFE_INTEGER,
  };
}

function instant(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const timeMs = parseInstant(text);
  if (timeMs === null) throw new UsageError(`--${option} takes a time: ${INSTANT_FORM}.`);
  return timeMs;
}

export interface Opened {
  readonly sources: readonly Source[];
  /** Null: no content directory is known. */
  readonly objects: ContentObjects | null;
  /** Of the first source that lies in one. */
  readonly dataDir: string | null;
}

/** @throws UsageError, CommandError */
export function openSources(paths: readonly string[], contentDir: string | undefined): Opened {
  if (paths.length === 0) {
    throw new UsageError(
      "name a source: a trace in JSON (OTLP, Tempo, Jaeger), content.sqlite, or the data directory.",
    );
  }
  const sources = paths.map(openSource);
  const dataDir = sources.find((source) => source.dataDir !== null)?.dataDir ?? null;
  const dir = contentDir ?? (dataDir === null ? null : join(dataDir, CONTENT_FILES.objects));
  const isThere = dir !== null && existsSync(dir);
  if (contentDir !== undefined && !isThere) throw new UsageError("--content-dir is no directory.");
  return { sources, dataDir, objects: isThere ? openContentObjects(dir) : null };
}

/** Each part once, also where several sources tell of it. @param isUser whether the part is the selected user's */
export async function* chosenRecords(
  sources: readonly Source[],
  selection: Selection,
  isUser: (record: ContentRecord) => Promise<boolean>,
): AsyncGenerator<ContentRecord> {
  const seen = new Set<string>();
  for (const source of sources) {
    for await (const record of source.records()) {
      if (!matches(record, selection)) continue;
      if (selection.user !== null && !(await isUser(record))) continue;
      const key = `${record.traceId}${record.spanId}${record.field}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield record;
    }
  }
}

function matches(record: ContentRecord, { traceId, field, fromMs, toMs }: Selection): boolean {
  if (traceId !== null && record.traceId !== traceId) return false;
  if (field !== null && record.field !== field) return false;
  return record.timeMs === null || (record.timeMs >= fromMs && record.timeMs < toMs);
}
