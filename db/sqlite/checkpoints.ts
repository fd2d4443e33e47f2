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
/** 64 MiB: a log begins anew only where no writer is at work, so it is rare. */
const RESTART_PAGES = 16_384;

export interface Checkpoints {
  /** Ends the thread; false if it had to be cut off. The last checkpoint is the caller's. */
  close(): Promise<boolean>;
}

/** What the thread is told. */
export interface CheckpointTask {
  readonly path: string;
  readonly restartPages: number;
}

/**
 * @param client the connection that writes
 * @param restartPages from this length on the log is to begin anew
 */
export function startCheckpoints(
  client: SqliteClient,
  path: string,
  restartPages = RESTART_PAGES,
): Checkpoints {
  let worker: Worker | null = null;
  const look = setInterval(() => {
    if (worker === null && logBytes(path) > SMALL_LOG_BYTES) worker = start();
  }, LOOK_MS);
  // Housekeeping must not keep the process alive.
  if (typeof look === "object") look.unref();

  function start(): Worker {
    const started = new Worker(new URL("./checkpoint-thread.ts", import.meta.url), {
      workerData: { path, restartPages } satisfies CheckpointTask,
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
      if (stopping === null) return true;
      const isInOrder = await new Promise<boolean>((resolve) => {
        // The thread does not keep the process alive, this clock does.
        const limit = setTimeout(() => resolve(false), LOOK_MS);
        const end = (inOrder: boolean) => (): void => {
          clearTimeout(limit);
          resolve(inOrder);
        };
        stopping.once("message", end(true));
        stopping.once("error", end(false));
        stopping.once("exit", end(false));
        stopping.postMessage("close");
      });
      await stopping.terminate();
      return isInOrder;
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
