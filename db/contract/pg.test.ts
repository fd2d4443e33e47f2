/** The contract suites on Postgres. */
import { afterAll, beforeAll, describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open.ts";
import { createAdmin } from "../pg/admin.ts";
import { createAppender } from "../pg/append.ts";
import { createAudit } from "../pg/audit.ts";
import { createClaimedNames } from "../pg/claimed-names.ts";
import { openDatabase } from "../pg/database.ts";
import { createKeys } from "../pg/keys.ts";
import { createLedger } from "../pg/ledger.ts";
import { createPartitions } from "../pg/partitions.ts";
import { createPrices } from "../pg/prices.ts";
import { createSettings } from "../pg/settings.ts";
import { describeAdmin } from "./admin.ts";
import { describeAudit } from "./audit.ts";
import { describeClaimedNames, describeKeys, describePrices } from "./keys.ts";
import { describeLedger } from "./ledger.ts";
import type { Open } from "./opened.ts";
import { isPostgresThere, startPostgres, type Postgres } from "./postgres.ts";
import { describeSessions } from "./sessions.ts";
import { describeSpend } from "./spend.ts";

let postgres: Postgres;

const open: Open = async () => {
  const database = await openDatabase(await postgres.create());
  return {
    store: {
      ledger: createLedger(database, createAppender(database, createPartitions(database))),
      keys: createKeys(database),
      claimedUsers: createClaimedNames(database, "user"),
      claimedTeams: createClaimedNames(database, "team"),
      prices: createPrices(database),
      settings: createSettings(database),
      audit: createAudit(database),
      admin: createAdmin(database),
    },
    remove: () => database.close(),
  };
};

/** As a gateway has it: rows go into the local ledger first, and are shipped before they are asked for. */
const openShared: Open = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-contract-"));
  const database = await postgres.create();
  const store = await openStore({ dataDir, ledgerSync: "normal", database });
  // Nothing was asked about the caps: they wait for the rows.
  const { admin, ledger } = store;
  const capUsage: typeof admin.capUsage = async (fromMs) => {
    await ledger.records({ fromMs: 0, toMs: 1, where: {}, limit: 1, beforeId: null });
    return admin.capUsage(fromMs);
  };
  return {
    store: { ...store, admin: { ...admin, capUsage } },
    async remove() {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

describe.skipIf(!isPostgresThere)("on Postgres", () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  describeLedger("Postgres", open);
  describeSpend("Postgres", open);
  describeSessions("Postgres", open);
  describeKeys("Postgres", open);
  describeClaimedNames("Postgres", open);
  describePrices("Postgres", open);
  describeAudit("Postgres", open);
  describeAdmin("Postgres", open);

  describeLedger("Postgres behind a local ledger", openShared);
  describeSpend("Postgres behind a local ledger", openShared);
  describeSessions("Postgres behind a local ledger", openShared);
  describeKeys("Postgres behind a local ledger", openShared);
  describeClaimedNames("Postgres behind a local ledger", openShared);
  describePrices("Postgres behind a local ledger", openShared);
  describeAudit("Postgres behind a local ledger", openShared);
  describeAdmin("Postgres behind a local ledger", openShared);
});
