/** The contract suites on SQLite. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open.ts";
import { closeDatabase, openDatabase } from "../sqlite/database.ts";
import { createLedger } from "../sqlite/ledger.ts";
import { openRollup } from "../sqlite/rollup.ts";
import { createSearches } from "../sqlite/searches.ts";
import { readRolledUp } from "../sqlite/spend-rollup.ts";
import { describeAdmin } from "./admin.ts";
import { describeAudit } from "./audit.ts";
import { describeClaimedNames, describeKeys, describePrices } from "./keys.ts";
import { describeLedger } from "./ledger.ts";
import type { Open } from "./opened.ts";
import { describeSessions } from "./sessions.ts";
import { describeSpend } from "./spend.ts";

const open: Open = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-contract-"));
  const store = await openStore({ dataDir, ledgerSync: "normal" });
  return {
    store,
    async remove() {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

/** The same store, but every search of the ledger goes to the thread, as in a large file. */
const openLarge: Open = async () => {
  const { store, remove } = await open();
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-contract-"));
  const path = join(dataDir, "anyray.sqlite");
  const database = openDatabase(path, { sync: "normal" });
  const ledger = createLedger(database, createSearches(database, path, 0));
  return {
    store: { ...store, ledger },
    async remove() {
      await ledger.close();
      closeDatabase(database);
      rmSync(dataDir, { recursive: true, force: true });
      await remove();
    },
  };
};

/** The same store, but spend is answered by the sums by day and hour, which lag behind by some rows. */
const openRolledUp: Open = async () => {
  const { store, remove } = await open();
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-contract-"));
  const path = join(dataDir, "anyray.sqlite");
  const database = openDatabase(path, { sync: "normal" });
  const rollup = openRollup(join(dataDir, "rollup.sqlite"), database.orm);
  const inline = createSearches(database, path, Infinity);
  let rows = 0;
  const ledger = createLedger(database, {
    ...inline,
    spend: async (query) => readRolledUp(rollup, database.orm, query) ?? inline.spend(query),
  });
  const append: typeof ledger.append = async (...row) => {
    await ledger.append(...row);
    rows += 1;
    // The last of them come after the last look.
    if (rows % 70 === 0) while (rollup.catchUp());
  };
  return {
    store: { ...store, ledger: { ...ledger, append } },
    async remove() {
      await ledger.close();
      rollup.close();
      closeDatabase(database);
      rmSync(dataDir, { recursive: true, force: true });
      await remove();
    },
  };
};

describeLedger("SQLite", open);
describeLedger("SQLite with a large file", openLarge);
describeSpend("SQLite", open);
describeSpend("SQLite with a large file", openLarge);
describeSessions("SQLite", open);
describeSessions("SQLite with a large file", openLarge);
describeKeys("SQLite", open);
describeClaimedNames("SQLite", open);
describePrices("SQLite", open);
describeAudit("SQLite", open);
describeAdmin("SQLite", open);
describeSpend("SQLite with sums by day and hour", openRolledUp);
