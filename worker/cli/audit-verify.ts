/** `anyray audit verify SOURCE`: whether an audit log is whole. Offline: needs the log and, better, the public key; no secret. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { AuditRecord } from "../../db/store.ts";
import { isPublicKey, type Checkpoint } from "../audit/checkpoint.ts";
import { checkpointsFile, readCheckpoints } from "../audit/checkpoints.ts";
import { parseAuditLine } from "../audit/lines.ts";
import { verifyAudit, type AuditFault } from "../audit/verify.ts";
import { createEgress } from "../egress.ts";
import { exchange } from "../traces/http.ts";
import { describeReadFailure } from "../config/fault.ts";
import type { ContentTools } from "./content-tools.ts";
import { CommandError, UsageError } from "./failure.ts";

/** Exit code for a log that is not whole. */
const BROKEN = 3;
const PAGE = 1_000;
const GATEWAY = "gateway";
const ANSWER_MS = 10_000;
const EXPORT_MS = 300_000;
const MAX_EXPORT_BYTES = 256 * 1024 * 1024;

const MEANINGS: Readonly<Record<AuditFault, string>> = {
  edited: "was changed after it was written",
  out_of_order: "is not where it belongs: an entry is missing, doubled or moved",
  not_linked: "does not follow the entry before it",
  truncated: "is missing: a checkpoint vouches for entries that are not there",
  bad_signature: "has a checkpoint whose signature is wrong",
  other_key: "has a checkpoint that another key signed",
};

interface AuditLog {
  readonly entries: readonly AuditRecord[];
  readonly checkpoints: readonly Checkpoint[];
}

export async function runAuditVerify(
  args: readonly string[],
  tools: ContentTools,
): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "public-key": { type: "string" },
      checkpoints: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [source, ...more] = positionals;
  if (source === undefined || more.length > 0) {
    throw new UsageError(
      "`audit verify` takes one source: an exported file, a gateway's address, or its data directory.",
    );
  }
  const publicKey = values["public-key"] ?? null;
  if (publicKey !== null && !isPublicKey(publicKey)) {
    throw new UsageError("--public-key takes a key `aap_…`.");
  }
  const log = await readLog(source, tools);
  const others =
    values.checkpoints === undefined ? [] : readFileLog(values.checkpoints).checkpoints;
  const verdict = verifyAudit(log.entries, [...log.checkpoints, ...others], publicKey);
  const { terminal } = tools;
  if (values.json === true) terminal.out(JSON.stringify(verdict));
  else if (!verdict.isWhole) {
    terminal.out(`NOT WHOLE: entry ${verdict.seq} ${MEANINGS[verdict.fault]}.`);
  } else {
    terminal.out(
      `Whole: ${verdict.entries} entries, ${verdict.checkpoints} signed checkpoints; head ${verdict.head}.`,
    );
    if (verdict.vouchedUntil < verdict.entries) {
      terminal.say(`No checkpoint vouches for what comes after entry ${verdict.vouchedUntil} yet.`);
    }
    if (publicKey === null && verdict.checkpoints > 0) {
      terminal.say(
        "The signatures were checked by the key that the log itself names. --public-key aap_… proves whose they are.",
      );
    }
  }
  return verdict.isWhole ? 0 : BROKEN;
}

async function readLog(source: string, tools: ContentTools): Promise<AuditLog> {
  if (/^https?:\/\//.test(source)) return parseLog(source, await fetchLog(source, tools));
  if (!existsSync(source)) throw new CommandError("there is no such file or directory.");
  if (!statSync(source).isDirectory()) return readFileLog(source);
  if (!existsSync(join(source, "anyray.sqlite"))) {
    throw new CommandError("the directory holds no anyray.sqlite.");
  }
  const store = await tools.openStore(source);
  try {
    const entries: AuditRecord[] = [];
    for (;;) {
      const page = await store.audit.after(entries.at(-1)?.seq ?? 0, PAGE);
      entries.push(...page);
      if (page.length < PAGE) break;
    }
    return { entries, checkpoints: readCheckpoints(checkpointsFile(source)) };
  } finally {
    await store.close();
  }
}

function readFileLog(path: string): AuditLog {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`${path} can't be read: ${describeReadFailure(error)}.`);
  }
  return parseLog(path, text);
}

function parseLog(path: string, text: string): AuditLog {
  const entries: AuditRecord[] = [];
  const checkpoints: Checkpoint[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = parseAuditLine(line);
    if (parsed === null) {
      throw new CommandError(`line ${at + 1} of ${path} is neither an entry nor a checkpoint.`);
    }
    if (parsed.kind === "entry") entries.push(parsed.entry);
    else checkpoints.push(parsed.checkpoint);
  }
  return { entries, checkpoints };
}

/** The export of a running gateway. @param address with or without `/admin/audit/export` */
async function fetchLog(address: string, tools: ContentTools): Promise<string> {
  const token = tools.adminToken();
  if (token === null) throw new CommandError("ANYRAY_ADMIN_TOKEN is needed to ask a gateway.");
  const url = new URL(address);
  const egress = createEgress({
    destinations: [{ name: GATEWAY, origin: url.origin, reason: GATEWAY, allowPrivate: true }],
    connectMs: ANSWER_MS,
    firstByteMs: ANSWER_MS,
    now: () => performance.now(),
  });
  try {
    const answer = await exchange(
      egress,
      {
        destination: GATEWAY,
        method: "GET",
        pathAndQuery: url.pathname.length > 1 ? url.pathname : "/admin/audit/export",
        headers: [["authorization", `Bearer ${token}`]],
        body: [],
      },
      { limitMs: EXPORT_MS, maxBytes: MAX_EXPORT_BYTES },
    );
    if (answer.status !== 200) throw new CommandError(`the gateway answers ${answer.status}.`);
    if (answer.isCut) throw new CommandError("the log is too large: export it to a file.");
    return new TextDecoder().decode(answer.body);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError("the gateway did not answer.");
  } finally {
    egress.close();
  }
}
