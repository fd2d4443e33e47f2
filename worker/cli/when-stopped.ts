/** What a command must take away again if it is stopped in between: by Ctrl-C, by a closing terminal, by the system. Not by `kill -9`. */
import { constants } from "node:os";
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns what ends the watch */
export function whenStopped(clean: () => void): () => void {
  const stop = (signal: (typeof SIGNALS)[number]): void => {
    try {
      clean();
    } finally {
      // As shells have it.
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}
