/** Which parts a command is about: the options that `decrypt` and `inspect` share, and the records that they choose. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { CONTENT_FILES } from "../../content/files.ts";
import type { Field } from "../../encryption/envelope.ts";
import { UsageError } from "../failure.ts";
import { INSTANT_FORM, parseInstant } from "../instant.ts";
import { type ObjectFiles, openObjectFiles } from "./object-files.ts";
import type { ContentRecord } from "./record.ts";
import { openSource, type Source, type Wanted } from "./sources.ts";

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

export interface Selection extends Wanted {
  readonly user: string | null;
  readonly field: Field | null;
}

const EVER = { fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER } as const;

/** @throws UsageError */
export function parseSelection(values: SelectionValues): Selection {
  const { trace, user, field, from, to } = values;
  if (trace !== undefined && !/^[0-9a-fA-F]{32}$/.test(trace)) {
    throw new UsageError("--trace takes the 32 hex digits of x-anyray-trace-id.");
  }
  if (field !== undefined && field !== "input" && field !== "output") {
    throw new UsageError("--field takes input or output.");
  }
  const fromMs = instant("from", from) ?? EVER.fromMs;
  const toMs = instant("to", to) ?? EVER.toMs;
  if (fromMs >= toMs) throw new UsageError("--from must be before --to.");
  return {
    traceId: trace?.toLowerCase() ?? null,
    user: user ?? null,
    field: field ?? null,
    fromMs,
    toMs,
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
  readonly objects: ObjectFiles | null;
  /** Of the first source that lies in one. */
  readonly dataDir: string | null;
}

/**
 * @param warn takes what a person should know of a source that can be read all the same
 * @throws UsageError, CommandError
 */
export function openSources(
  paths: readonly string[],
  contentDir: string | undefined,
  warn: (line: string) => void,
): Opened {
  if (paths.length === 0) {
    throw new UsageError(
      "name a source: a trace in JSON (OTLP, Tempo, Jaeger), content.sqlite, or the data directory.",
    );
  }
  const sources = paths.map((path) => openSource(path, warn));
  const dataDir = sources.find((source) => source.dataDir !== null)?.dataDir ?? null;
  const ofDataDir = dataDir === null ? null : join(dataDir, CONTENT_FILES.objects);
  // A data directory whose content is all small has none.
  const dir = contentDir ?? (ofDataDir !== null && existsSync(ofDataDir) ? ofDataDir : null);
  return { sources, dataDir, objects: dir === null ? null : openObjectFiles(dir) };
}

/**
 * A part comes as often as sources tell of it: what is cut or missing in one may be whole in another.
 * @param isUser whether the part is the selected user's
 */
export async function* chosenRecords(
  sources: readonly Source[],
  selection: Selection,
  isUser: (record: ContentRecord) => boolean,
): AsyncGenerator<{ readonly record: ContentRecord; readonly source: Source }> {
  for (const source of sources) {
    for await (const record of source.records(selection)) {
      // All that reads is synchronous: a signal would be heard at the end only.
      await setImmediate();
      if (!matches(record, selection)) continue;
      if (selection.user === null || isUser(record)) yield { record, source };
    }
  }
}

function matches(record: ContentRecord, { traceId, field, fromMs, toMs }: Selection): boolean {
  if (traceId !== null && record.traceId !== traceId) return false;
  if (field !== null && record.field !== field) return false;
  const timeMs = record.timeMs ?? timeOfTrace(record.traceId);
  // Who asks for a time must not read what may be of another one.
  if (timeMs === null) return fromMs === EVER.fromMs && toMs === EVER.toMs;
  return timeMs >= fromMs && timeMs < toMs;
}

/** Our trace ids are UUIDv7 without dashes: they begin with the time. Null for another id. */
function timeOfTrace(traceId: string): number | null {
  return traceId[12] === "7" ? Number.parseInt(traceId.slice(0, 12), 16) : null;
}
