/** Opens the durable state of a gateway in its data directory. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { openJournal } from "./journal.ts";
import { openRemoteStores, openSharedStores } from "./pg/store.ts";
import { startCheckpoints, type Checkpoints } from "./sqlite/checkpoints.ts";
import { createAdmin } from "./sqlite/admin.ts";
import { createAudit } from "./sqlite/audit.ts";
import { createClaimedNames } from "./sqlite/claimed-names.ts";
import { createContentReader } from "./sqlite/content.ts";
import { closeDatabase, openDatabase } from "./sqlite/database.ts";
import type { SqliteClient } from "./sqlite/driver.ts";
import { createKeys } from "./sqlite/keys.ts";
import { createLedger } from "./sqlite/ledger.ts";
import { lockDirectory } from "./sqlite/lock.ts";
import { createPrices } from "./sqlite/prices.ts";
import { openOutbox } from "./sqlite/outbox.ts";
import { createSearches, type Searches } from "./sqlite/searches.ts";
import { createSettings } from "./sqlite/settings.ts";
import { createLocalRows, openShipping } from "./sqlite/shipping.ts";
import { openTail } from "./sqlite/tail.ts";
import type { AttemptJournal, DatabaseOptions, Store } from "./store.ts";

export interface StoreOptions {
  readonly dataDir: string;
  /** `normal` survives the death of the process, `full` also power loss. */
  readonly ledgerSync: "normal" | "full";
  /** That several gateways share; none: everything is in the data directory. */
  readonly database?: DatabaseOptions | null;
}

const DATABASE = "anyray.sqlite";
const CONTENT = "content.sqlite";
const SHIPPING = "shipping.sqlite";
const KEPT = "shared.json";
/** The exporter's. */
const OUTBOX = "outbox.sqlite";

/**
 * For the gateway: holds the directory for itself.
 * @throws (rejects with) Error if another gateway has it, or it can't be written
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, database } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(dataDir);
  try {
    const journal = openJournal(join(dataDir, "attempts"));
    const release = (): void => {
      journal.closeFiles();
      lock.release();
    };
    if (!database) return assemble(options, { journal, startCheckpoints }, release);
    const store = await assembleShared({ ...options, database }, journal);
    return {
      ...store,
      async close() {
        await store.close();
        release();
      },
    };
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
  if (options.database) {
    const { stores, close } = await openRemoteStores(options.database);
    const content = createContentReader(join(options.dataDir, CONTENT));
    return {
      ...stores,
      content,
      journal: noJournal,
      shared: null,
      async close() {
        content.close();
        await close();
      },
    };
  }
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
    claimedUsers: createClaimedNames(database, "user"),
    claimedTeams: createClaimedNames(database, "team"),
    prices: createPrices(database),
    settings: createSettings(database),
    audit: createAudit(database),
    admin: createAdmin(database),
    content,
    journal: parts.journal,
    shared: null,
    async close() {
      await ledger.close();
      content.close();
      await checkpoints.close();
      closeDatabase(database);
      release();
    },
  };
}

/** The local ledger stays the first place of every row; all else is in the database that gateways share. */
async function assembleShared(
  options: StoreOptions & { readonly database: DatabaseOptions },
  journal: AttemptJournal,
): Promise<Store> {
  const { dataDir, ledgerSync } = options;
  const path = join(dataDir, DATABASE);
  const database = openDatabase(path, { sync: ledgerSync });
  const checkpoints = startCheckpoints(database.client, path);
  const ledger = createLedger(database, NO_SEARCHES);
  const shipping = openShipping(join(dataDir, SHIPPING), ledgerSync);
  const content = createContentReader(join(dataDir, CONTENT));
  async function closeLocal(): Promise<void> {
    content.close();
    shipping.close();
    await checkpoints.close();
    closeDatabase(database);
  }
  let opened: Awaited<ReturnType<typeof openSharedStores>>;
  try {
    opened = await openSharedStores(options.database, {
      ledger,
      claimedUsers: createClaimedNames(database, "user"),
      claimedTeams: createClaimedNames(database, "team"),
      tail: openTail(path),
      rows: createLocalRows(database),
      shipping,
      keptFile: join(dataDir, KEPT),
      readByOthers: () => readHandedOver(join(dataDir, OUTBOX)),
    });
  } catch (error) {
    await closeLocal();
    throw error;
  }
  return {
    ...opened.stores,
    content,
    journal,
    shared: opened.shared,
    async close() {
      await ledger.close();
      await opened.close();
      await closeLocal();
    },
  };
}

/** Nobody asks the local ledger for more than its newest rows. */
const NO_SEARCHES: Searches = {
  rest: () => Promise.reject(new Error("not asked of the local ledger")),
  spend: () => Promise.reject(new Error("not asked of the local ledger")),
  sessions: () => Promise.reject(new Error("not asked of the local ledger")),
  close: async () => undefined,
};

/** How far the exporter has read; null: there is none. */
async function readHandedOver(path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  const outbox = openOutbox(path);
  try {
    return await outbox.handedOver();
  } finally {
    outbox.close();
  }
}
