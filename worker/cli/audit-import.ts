/** `anyray audit import FILE`: takes the record of a reading into the audit log. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeReadFailure } from "../config/fault.ts";
import { appendAudit } from "./audit-entry.ts";
import { parseReadingRecord, type ReadingRecord } from "./content/reading-record.ts";
import { runAuditVerify } from "./audit-verify.ts";
import type { ContentTools } from "./content-tools.ts";
import { CommandError, UsageError } from "./failure.ts";
import { openKeyring } from "./master-keys.ts";

export async function runAudit(args: readonly string[], tools: ContentTools): Promise<number> {
  const [name, ...rest] = args;
  if (name === "verify") return runAuditVerify(rest, tools);
  if (name !== "import") throw new UsageError("`audit` takes verify or import.");
  const { positionals } = parseArgs({ args: rest, allowPositionals: true, options: {} });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) {
    throw new UsageError("`audit import` takes one file: the record that `decrypt` wrote.");
  }
  const record = read(path, tools);
  const [trace, ...others] = record.traces;
  await appendAudit(tools, {
    action: "content.read",
    target: trace !== undefined && others.length === 0 ? trace : "several-traces",
    before: null,
    after: {
      parts: record.parts,
      traces: record.traces.length,
      reader: record.actor,
      reason: record.reason,
      read_at: new Date(record.timeMs).toISOString(),
    },
  });
  tools.terminal.out(`The reading of ${record.parts} parts stands in the audit log.`);
  return 0;
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
