/** What the commands about sealed content are given from outside. Types only. */
import type { Store, SubjectStore } from "../../db/store.ts";
import type { Terminal } from "./terminal.ts";

/** Master keys, 64 hex digits each. */
export interface ContentKeys {
  /** Null: nobody gave one. */
  readonly current: string | null;
  readonly retired: readonly string[];
}

export interface ContentTools {
  readonly terminal: Terminal;
  /** ms since 1970 UTC. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  /** From the environment, `_FILE` or `secrets.env`. Throws `ConfigError`. */
  readonly loadContentKeys: () => ContentKeys;
  /** Of the data directory; rejects if there is none. */
  readonly openSubjects: () => Promise<SubjectStore>;
  /** @param dataDir default: the configured one */
  readonly openStore: (dataDir?: string) => Promise<Pick<Store, "audit" | "settings" | "close">>;
  /** A new file that only its owner can read. Rejects if it exists. */
  readonly writePrivate: (path: string, content: string | Uint8Array) => Promise<void>;
  /** Bytes to standard output. */
  readonly writeOut: (bytes: Uint8Array) => void;
  /** Calls it if the command is stopped by a signal, before the end; returns what ends the watch. */
  readonly whenStopped: (clean: () => void) => () => void;
  /** `ANYRAY_ADMIN_TOKEN`, for asking a gateway; null: it is not given. */
  readonly adminToken: () => string | null;
  /** Of whoever runs the command. */
  readonly userName: () => string;
}
