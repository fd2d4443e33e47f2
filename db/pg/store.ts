/**
 * A gateway's stores where Postgres is shared. A row is committed in the local ledger, and shipped from there; what requests need is kept in
 * memory; all else asks Postgres, and says so when it is away.
 */
import {
  StoreUnavailable,
  type ClaimedNameStore,
  type DatabaseOptions,
  type LedgerStore,
  type LedgerTail,
  type SharedDatabase,
  type Store,
} from "../store.ts";
import type { LocalRows, Shipping } from "../sqlite/shipping.ts";
import { createAdmin } from "./admin.ts";
import { createAppender } from "./append.ts";
import { createAudit } from "./audit.ts";
import { createClaimedNames } from "./claimed-names.ts";
import { connectDatabase, openDatabase, type PgDatabase } from "./database.ts";
import { createInStep } from "./in-step.ts";
import { createKept } from "./kept.ts";
import { createKeys } from "./keys.ts";
import { createLedger } from "./ledger.ts";
import { createLocalFirst } from "./local-first.ts";
import { NewerDatabase } from "./migrate.ts";
import { createPartitions } from "./partitions.ts";
import { createPrices } from "./prices.ts";
import { createReservations } from "./reservations.ts";
import { createSettings } from "./settings.ts";
import { createShipper } from "./shipper.ts";
import { startWatch, type Watch } from "./watch.ts";

/** What is the gateway's own. */
export interface Local {
  readonly ledger: LedgerStore;
  readonly claimedUsers: ClaimedNameStore;
  readonly claimedTeams: ClaimedNameStore;
  readonly tail: LedgerTail;
  readonly rows: LocalRows;
  readonly shipping: Shipping;
  /** Where what administrators set is kept for a start without the database. */
  readonly keptFile: string;
  /** Up to which row others have read the local ledger; null: nobody else does. */
  readonly readByOthers: () => Promise<string | null>;
}

export type SharedStores = Pick<
  Store,
  "ledger" | "keys" | "claimedUsers" | "claimedTeams" | "prices" | "settings" | "audit" | "admin"
>;

const CLOSE_LIMIT_MS = 5_000;
/** A request waits for it. */
const ADD_LIMIT_MS = 500;
/** An answer may lack the rows of the last moment where more wait than are shipped in this time. */
const FRESH_MS = 2_000;

/** Without a gateway's parts: for commands. */
export async function openRemoteStores(
  options: DatabaseOptions,
): Promise<{ stores: SharedStores; close(): Promise<void> }> {
  const database = await openDatabase(options);
  return { stores: createStores(database), close: () => database.close() };
}

function createStores(database: PgDatabase): SharedStores {
  return {
    ledger: createLedger(database, createAppender(database, createPartitions(database))),
    keys: createKeys(database),
    claimedUsers: createClaimedNames(database, "user"),
    claimedTeams: createClaimedNames(database, "team"),
    prices: createPrices(database),
    settings: createSettings(database),
    audit: createAudit(database),
    admin: createAdmin(database),
  };
}

export async function openSharedStores(
  options: DatabaseOptions,
  local: Local,
): Promise<{ stores: SharedStores; shared: SharedDatabase; close(): Promise<void> }> {
  const database = connectDatabase(options);
  const kept = createKept(createStores(database), local.keptFile);
  // What it knew when it stood still is enough to go on with, if need be.
  let isKnown = kept.recall();
  const listeners: (() => Promise<void>)[] = [];
  let wake = (): void => undefined;
  const watch = await startWatch({
    database,
    async onChange() {
      await kept.reload();
      isKnown = true;
      for (const listener of listeners) await listener();
    },
    onBack: () => wake(),
  });
  if (watch.state === "newer" || !isKnown) {
    await watch.close();
    await database.close();
    if (watch.state === "newer") throw new NewerDatabase();
    if (watch.state === "away") throw new StoreUnavailable();
    throw new Error("The database's schema could not be brought up to date.");
  }
  const guarded = guard(database, watch);
  const stores = createStores(guarded);
  const shipper = createShipper({
    ...local,
    local: local.rows,
    appender: createAppender(guarded, createPartitions(guarded)),
    now: Date.now,
  });
  wake = () => shipper.wake();
  const own = createReservations(guarded, local.shipping.gatewayId);
  const { reservations, charging } = createInStep(own, shipper);
  /** What this gateway has changed counts here when the change is done. */
  const seen = async <T>(change: Promise<T>): Promise<T> => {
    const done = await change;
    await watch.refresh().catch(() => undefined);
    return done;
  };
  return {
    stores: {
      ...stores,
      ledger: createLocalFirst({
        local,
        remote: stores.ledger,
        shipper,
        charging,
        freshMs: FRESH_MS,
      }),
      keys: {
        ...stores.keys,
        findByHash: kept.keys.findByHash,
        create: (key) => seen(stores.keys.create(key)),
        revoke: (id, atMs) => seen(stores.keys.revoke(id, atMs)),
      },
      claimedUsers: createForgivingNames(local.claimedUsers, stores.claimedUsers),
      claimedTeams: createForgivingNames(local.claimedTeams, stores.claimedTeams),
      prices: { ...kept.prices, put: (overrides) => seen(stores.prices.put(overrides)) },
      admin: { ...stores.admin, ...kept.admin },
      settings: kept.settings,
      audit: {
        ...stores.audit,
        append: (make, changes) => seen(stores.audit.append(make, changes)),
      },
    },
    shared: {
      get state() {
        return watch.state;
      },
      get waitingRows() {
        return shipper.waitingRows;
      },
      get refusedRows() {
        return local.shipping.refusedRows;
      },
      reservations,
      flush: () => shipper.flush(FRESH_MS),
      onChange(listener) {
        listeners.push(listener);
      },
    },
    async close() {
      own.close();
      await watch.close();
      await shipper.close(CLOSE_LIMIT_MS);
      await database.close();
    },
  };
}

/** Asks nothing of a database that is known to be away. */
function guard(database: PgDatabase, watch: Watch): PgDatabase {
  async function ask<T>(question: () => Promise<T>): Promise<T> {
    if (watch.state === "away") throw new StoreUnavailable();
    try {
      return await question();
    } catch (error) {
      // A question that takes too long says nothing about others.
      if (error instanceof StoreUnavailable && error.why === "away") watch.failed();
      throw error;
    }
  }
  return {
    get client() {
      return database.client;
    },
    renew: () => database.renew(),
    close: () => database.close(),
    run: (work, limitMs) => ask(() => database.run(work, limitMs)),
    transaction: (work, limitMs) => ask(() => database.transaction(work, limitMs)),
  };
}

/** New names are a bound on what keys may write, not something to refuse requests for: without Postgres each gateway counts alone. */
function createForgivingNames(local: ClaimedNameStore, remote: ClaimedNameStore): ClaimedNameStore {
  return {
    list: (keyId) => remote.list(keyId).catch(() => local.list(keyId)),
    async add(keyId, name, day) {
      await local.add(keyId, name, day);
      const added = remote.add(keyId, name, day).catch(() => undefined);
      await Promise.race([added, new Promise((resolve) => setTimeout(resolve, ADD_LIMIT_MS))]);
    },
  };
}
