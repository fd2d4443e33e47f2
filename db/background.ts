/** Threads whose work no caller waits for give way to the one that serves requests, where they must share a core. */
import { setPriority } from "node:os";
import process from "node:process";

/** A tenth of the weight of the serving thread: enough to keep up, too little to hold a stream up. */
const NICE = 10;

/** To be called in the thread itself. */
export function giveWay(): void {
  // Only there 0 means the calling thread; elsewhere it is the whole process.
  if (process.platform !== "linux") return;
  try {
    setPriority(0, NICE);
  } catch {
    // Not allowed here: the threads share evenly then.
  }
}
