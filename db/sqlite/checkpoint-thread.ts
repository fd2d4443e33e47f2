/**
 * The thread behind `checkpoints.ts`: its own connection, which moves the log into the file. What went wrong stays here: it is
 * tried again. It gives no way to others: it holds the write lock at times, and rows wait for it.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { CheckpointTask } from "./checkpoints.ts";
import { openForCheckpoints } from "./database.ts";

const EVERY_MS = 200;
/**
 * A log begins anew under the write lock, and only when nobody reads it: as long as this it waits for readers, and rows wait
 * with it. Behind a long search it is tried again until the search has ended; the log grows meanwhile.
 */
const READER_PATIENCE_MS = 10;

// `checkpoints.ts` alone starts this thread.
const { path, restartPages } = workerData as CheckpointTask;
const client = openForCheckpoints(path);
const passive = client.prepare("PRAGMA wal_checkpoint(PASSIVE)");
const restart = client.prepare("PRAGMA wal_checkpoint(RESTART)");
client.exec(`PRAGMA busy_timeout = ${READER_PATIENCE_MS}`);

const timer = setInterval(() => {
  try {
    const [, logPages] = passive.values()[0] ?? [];
    if (Number(logPages) >= restartPages) restart.values();
  } catch {
    // Busy, or the disk is full: the log stays as it is until the next time.
  }
}, EVERY_MS);

parentPort?.on("message", () => {
  clearInterval(timer);
  client.close();
  // Who started the thread ends it: on Deno it can't close its own port.
  parentPort?.postMessage("closed");
});
