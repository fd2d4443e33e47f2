/** The thread behind `checkpoints.ts`: its own connection, which moves the log into the file. What went wrong stays here: it is tried again. */
import { parentPort, workerData } from "node:worker_threads";
import { openForCheckpoints } from "./database.ts";

/** The log begins anew from this many pages on (64 MiB): that holds writers up for the time of a sync, so it is rare. */
const RESTART_PAGES = 16_384;
const EVERY_MS = 200;

const client = openForCheckpoints(String(workerData));
const passive = client.prepare("PRAGMA wal_checkpoint(PASSIVE)");
const restart = client.prepare("PRAGMA wal_checkpoint(RESTART)");

const timer = setInterval(() => {
  try {
    const [, logPages] = passive.values()[0] ?? [];
    if (Number(logPages) >= RESTART_PAGES) restart.values();
  } catch {
    // Busy, or the disk is full: the log stays as it is until the next time.
  }
}, EVERY_MS);

parentPort?.on("message", () => {
  clearInterval(timer);
  client.close();
  parentPort?.close();
});
