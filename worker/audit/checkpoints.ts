/**
 * Signs the audit log's head as it grows, and writes it to a file beside the database, and to the log: a copy of either that leaves the
 * machine is what shows later that the tail was cut off.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { AuditStore } from "../../db/store.ts";
import type { Checkpoint, CheckpointSigner } from "./checkpoint.ts";
import { checkpointLine, parseAuditLine } from "./lines.ts";

const FILE = "audit-checkpoints.jsonl";
const LOOK_MS = 1_000;
const MAX_ENTRIES = 256;
const MAX_AGE_MS = 3_600_000;

export interface CheckpointsOptions {
  readonly dataDir: string;
  readonly audit: AuditStore;
  readonly signer: CheckpointSigner;
  readonly now: () => number;
  /** Each one that was written: it should leave the machine. */
  readonly onWritten: (checkpoint: Checkpoint) => void;
  /** The file can't be written, or the log not read; once, until it works again. */
  readonly onFailure: () => void;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #path: string;
  #newest: Checkpoint | null;
  #isBusy = false;
  #isFailing = false;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#path = join(options.dataDir, FILE);
    this.#newest = this.all().at(-1) ?? null;
    this.#timer = setInterval(() => void this.#look(false), LOOK_MS);
    // Housekeeping must not keep the process alive.
    if (typeof this.#timer === "object") this.#timer.unref();
  }

  get publicKey(): string {
    return this.#options.signer.publicKey;
  }

  /** Oldest first. Lines that are torn or strange are left out. */
  all(): readonly Checkpoint[] {
    return readCheckpoints(this.#path);
  }

  /** At the end of the process: vouches for all that is there. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look(true);
  }

  async #look(isLast: boolean): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const { audit, now, signer, onWritten } = this.#options;
      const head = await audit.head();
      const grown = head.seq - (this.#newest?.seq ?? 0);
      const ageMs = now() - Date.parse(this.#newest?.time ?? "1970-01-01T00:00:00Z");
      if (grown <= 0 || (!isLast && grown < MAX_ENTRIES && ageMs < MAX_AGE_MS)) return;
      const checkpoint = signer.sign(head, now());
      append(this.#path, checkpointLine(checkpoint));
      this.#newest = checkpoint;
      this.#isFailing = false;
      onWritten(checkpoint);
    } catch {
      if (!this.#isFailing) this.#options.onFailure();
      this.#isFailing = true;
    } finally {
      this.#isBusy = false;
    }
  }
}

/** Oldest first; none without a file. */
export function readCheckpoints(path: string): readonly Checkpoint[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const parsed = parseAuditLine(line);
    return parsed?.kind === "checkpoint" ? [parsed.checkpoint] : [];
  });
}

/** Below a data directory. */
export function checkpointsFile(dataDir: string): string {
  return join(dataDir, FILE);
}

function append(path: string, line: string): void {
  const file = openSync(path, "a", 0o600);
  try {
    // Behind half a line of a crash a new one must begin; an empty line is passed over.
    writeSync(file, `\n${line}`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
