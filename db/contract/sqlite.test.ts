/** The contract suites on SQLite. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open.ts";
import { closeDatabase, openDatabase } from "../sqlite/database.ts";
import { createLedger } from "../sqlite/ledger.ts";
import { createSearches } from "../sqlite/searches.ts";
import { describeAdmin } from "./admin.ts";
import { describeAudit } from "./audit.ts";
import { describeClaimedUsers, describeKeys, describePrices } from "./keys.ts";
import { describeLedger } from "./ledger.ts";
import type { Open } from "./opened.ts";
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

describeLedger("SQLite", open);
describeLedger("SQLite with a large file", openLarge);
describeSpend("SQLite", open);
describeSpend("SQLite with a large file", openLarge);
describeKeys("SQLite", open);
describeClaimedUsers("SQLite", open);
describePrices("SQLite", open);
describeAudit("SQLite", open);
describeAdmin("SQLite", open);
