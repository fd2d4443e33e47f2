/** `anyray audit import FILE`: takes the record of a reading into the audit log, once. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { AuditRecord, AuditStore } from "../../db/store.ts";
import { canonicalFacts } from "../audit/entry.ts";
import { record } from "../audit/record.ts";
import { describeReadFailure } from "../config/fault.ts";
import { parseReadingRecord, readingDigest, type ReadingRecord } from "./content/reading-record.ts";
import { runAuditVerify } from "./audit-verify.ts";
import type { ContentTools } from "./content-tools.ts";
import { CommandError, UsageError } from "./failure.ts";
import { openKeyring } from "./master-keys.ts";

const PAGE = 1_000;

export async function runAudit(args: readonly string[], tools: ContentTools): Promise<number> {
  const [name, ...rest] = args;
  if (name === "verify") return runAuditVerify(rest, tools);
  if (name !== "import") throw new UsageError("`audit` takes verify or import.");
  const { positionals } = parseArgs({ args: rest, allowPositionals: true, options: {} });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) {
    throw new UsageError("`audit import` takes one file: the record that `decrypt` wrote.");
  }
  const reading = read(path, tools);
  const store = await tools.openStore();
  try {
    const entry = entryOf(reading);
    const known = await findEntry(store.audit, entry);
    if (known !== null) {
      tools.terminal.out(`That reading stands in the audit log already: entry ${known}.`);
      return 0;
    }
    await record(store.audit, { ...entry, timeMs: tools.now(), actor: "cli" });
  } finally {
    await store.close();
  }
  tools.terminal.out(`The reading of ${reading.parts} parts stands in the audit log.`);
  return 0;
}

function entryOf(reading: ReadingRecord) {
  const [trace, ...others] = reading.traces;
  return {
    action: "content.read",
    target: trace !== undefined && others.length === 0 ? trace : "several-traces",
    before: null,
    after: {
      parts: reading.parts,
      traces: reading.traces.length,
      reader: reading.actor,
      reason: reading.reason,
      read_at: new Date(reading.timeMs).toISOString(),
      record: readingDigest(reading),
    },
  } as const;
}

/** Where the same record was taken before, also by a version that did not write down its digest; null: nowhere. */
async function findEntry(
  audit: Pick<AuditStore, "list">,
  { action, target, after }: ReturnType<typeof entryOf>,
): Promise<number | null> {
  const { record: _, ...withoutDigest } = after;
  const same = [after, withoutDigest].map(canonicalFacts);
  for (let beforeSeq: number | null = null; ;) {
    const page: readonly AuditRecord[] = await audit.list({
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      where: { action, target },
      beforeSeq,
      limit: PAGE,
    });
    const found = page.find((entry) => entry.after !== null && same.includes(entry.after));
    if (found !== undefined) return found.seq;
    const last = page.at(-1);
    if (last === undefined) return null;
    beforeSeq = last.seq;
  }
}

function read(path: string, tools: ContentTools): ReadingRecord {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`the record can't be read: ${describeReadFailure(error)}.`);
  }
  try {
    return parseReadingRecord(text, openKeyring(tools));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    // Our own words.
    const why = error instanceof Error ? error.message : "it is malformed";
    throw new CommandError(`the record is not taken: ${why}.`);
  }
}
