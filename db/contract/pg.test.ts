/** The contract suites on Postgres. */
import { afterAll, beforeAll, describe } from "bun:test";
import { createAdmin } from "../pg/admin.ts";
import { createAppender } from "../pg/append.ts";
import { createAudit } from "../pg/audit.ts";
import { createClaimedUsers } from "../pg/claimed-users.ts";
import { openDatabase } from "../pg/database.ts";
import { createKeys } from "../pg/keys.ts";
import { createLedger } from "../pg/ledger.ts";
import { createPartitions } from "../pg/partitions.ts";
import { createPrices } from "../pg/prices.ts";
import { createSettings } from "../pg/settings.ts";
import { describeAdmin } from "./admin.ts";
import { describeAudit } from "./audit.ts";
import { describeClaimedUsers, describeKeys, describePrices } from "./keys.ts";
import { describeLedger } from "./ledger.ts";
import type { Open } from "./opened.ts";
import { isPostgresThere, startPostgres, type Postgres } from "./postgres.ts";
import { describeSpend } from "./spend.ts";

let postgres: Postgres;

const open: Open = async () => {
  const database = await openDatabase(await postgres.create());
  return {
    store: {
      ledger: createLedger(database, createAppender(database, createPartitions(database))),
      keys: createKeys(database),
      claimedUsers: createClaimedUsers(database),
      prices: createPrices(database),
      settings: createSettings(database),
      audit: createAudit(database),
      admin: createAdmin(database),
    },
    remove: () => database.close(),
  };
};

describe.skipIf(!isPostgresThere)("on Postgres", () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  describeLedger("Postgres", open);
  describeSpend("Postgres", open);
  describeKeys("Postgres", open);
  describeClaimedUsers("Postgres", open);
  describePrices("Postgres", open);
  describeAudit("Postgres", open);
  describeAdmin("Postgres", open);
});
