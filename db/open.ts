/** Opens the durable state of a gateway in its data directory. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openJournal } from "./journal.ts";
import { startCheckpoints, type Checkpoints } from "./sqlite/checkpoints.ts";
import { createAdmin } from "./sqlite/admin.ts";
import { createAudit } from "./sqlite/audit.ts";
import { createClaimedUsers } from "./sqlite/claimed-users.ts";
import { createContentReader } from "./sqlite/content.ts";
import { closeDatabase, openDatabase } from "./sqlite/database.ts";
import type { SqliteClient } from "./sqlite/driver.ts";
import { createKeys } from "./sqlite/keys.ts";
import { createLedger } from "./sqlite/ledger.ts";
import { lockDirectory } from "./sqlite/lock.ts";
import { createPrices } from "./sqlite/prices.ts";
import { createSearches } from "./sqlite/searches.ts";
import { createSettings } from "./sqlite/settings.ts";
import type { AttemptJournal, Store } from "./store.ts";

export interface StoreOptions {
  readonly dataDir: string;
  /** `normal` survives the death of the process, `full` also power loss. */
  readonly ledgerSync: "normal" | "full";
}

const DATABASE = "anyray.sqlite";
const CONTENT = "content.sqlite";

/**
 * For the gateway: holds the directory for itself.
 * @throws (rejects with) Error if another gateway has it, or it can't be written
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(dataDir);
  try {
    const journal = openJournal(join(dataDir, "attempts"));
    return assemble(options, { journal, startCheckpoints }, () => {
      journal.closeFiles();
      lock.release();
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** For a command beside a running gateway, or without one: no lock, and nothing can be sent. */
export async function openStoreForTool(options: StoreOptions): Promise<Store> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const noJournal: AttemptJournal = {
    open: () => {
      throw new Error("a tool sends nothing");
    },
    close: () => undefined,
    openCount: () => 0,
    recover: async () => ({ attempts: [], done: async () => undefined }),
  };
  const noCheckpoints = () => ({ close: async () => true });
  return assemble(
    options,
    { journal: noJournal, startCheckpoints: noCheckpoints },
    () => undefined,
  );
}

interface Parts {
  readonly journal: AttemptJournal;
  readonly startCheckpoints: (client: SqliteClient, path: string) => Checkpoints;
}

function assemble(options: StoreOptions, parts: Parts, release: () => void): Store {
  const path = join(options.dataDir, DATABASE);
  const database = openDatabase(path, { sync: options.ledgerSync });
  const checkpoints = parts.startCheckpoints(database.client, path);
  const content = createContentReader(join(options.dataDir, CONTENT));
  const ledger = createLedger(database, createSearches(database, path));
  return {
    ledger,
    keys: createKeys(database),
    claimedUsers: createClaimedUsers(database),
    prices: createPrices(database),
    settings: createSettings(database),
    audit: createAudit(database),
    admin: createAdmin(database),
    content,
    journal: parts.journal,
    async close() {
      await ledger.close();
      content.close();
      await checkpoints.close();
      closeDatabase(database);
      release();
    },
  };
}
