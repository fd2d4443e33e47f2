/** The contract suites on SQLite. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open.ts";
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

describeLedger("SQLite", open);
describeSpend("SQLite", open);
describeKeys("SQLite", open);
describeClaimedUsers("SQLite", open);
describePrices("SQLite", open);
