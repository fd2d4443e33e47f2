/**
 * Moves SQLite's log into its file by a thread of its own: a checkpoint syncs the disk, and every stream would stand still
 * for as long. The thread is started when the log has grown; should it die, the writing connection checkpoints by itself.
 */
import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { SqliteClient } from "./driver.ts";

const LOOK_MS = 1_000;
/** A log below this is left to the writing connection. */
const SMALL_LOG_BYTES = 2 * 1024 * 1024;
/** SQLite's own default, in pages; and what the writing connection leaves to the thread. */
const OWN_PAGES = 1_000;
const SPARED_PAGES = 32_768;

export interface Checkpoints {
  /** Ends the thread. The last checkpoint is the caller's. */
  close(): Promise<void>;
}

/** @param client the connection that writes */
export function startCheckpoints(client: SqliteClient, path: string): Checkpoints {
  let worker: Worker | null = null;
  const look = setInterval(() => {
    if (worker === null && logBytes(path) > SMALL_LOG_BYTES) worker = start();
  }, LOOK_MS);
  // Housekeeping must not keep the process alive.
  if (typeof look === "object") look.unref();

  function start(): Worker {
    const started = new Worker(new URL("./checkpoint-thread.ts", import.meta.url), {
      workerData: path,
    });
    started.unref();
    const end = (): void => {
      if (worker !== started) return;
      worker = null;
      client.exec(`PRAGMA wal_autocheckpoint = ${OWN_PAGES}`);
    };
    started.on("error", end);
    started.on("exit", end);
    client.exec(`PRAGMA wal_autocheckpoint = ${SPARED_PAGES}`);
    return started;
  }

  return {
    async close() {
      clearInterval(look);
      const stopping = worker;
      worker = null;
      if (stopping === null) return;
      const gone = new Promise<void>((resolve) => stopping.once("exit", () => resolve()));
      stopping.postMessage("close");
      const limit = setTimeout(() => void stopping.terminate(), LOOK_MS);
      await gone;
      clearTimeout(limit);
    },
  };
}

function logBytes(path: string): number {
  try {
    return statSync(`${path}-wal`).size;
  } catch {
    return 0;
  }
}
