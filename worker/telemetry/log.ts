/**
 * The gateway's log: one JSON line an entry, on standard error. An entry is a fixed message and bounded facts; there is no way
 * to hand it a caught error, a body or a header, since the runtime's errors quote what they choked on.
 */

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Ids, enums, numbers. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  write(level: LogLevel, message: string, facts?: LogFacts): void;
}

export function createLog(minimum: LogLevel, now: () => number, out: (line: string) => void): Log {
  const threshold = LOG_LEVELS.indexOf(minimum);
  return {
    write(level, message, facts = {}) {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      out(JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...facts }));
    },
  };
}

/** The class name of a caught error: all of it that may be logged. */
export function errorName(error: unknown): string {
  return error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : "Error";
}
