/**
 * A gateway that kills itself at a certain step of a certain request: its own process, by SIGKILL, so that nothing can be tidied up.
 * `CRASH_STEP` says where, `CRASH_AT` at which request that comes there. Runs on Bun; changes nothing of the gateway itself.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { openStore } from "../../../db/open.ts";
import type { Store } from "../../../db/store.ts";
import { reachDatabase } from "../../cli/reach-database.ts";
import { loadConfig } from "../../config/load.ts";
import { ensureSecrets } from "../../config/secret.ts";
import { createGateway } from "../../gateway.ts";
import type { CrashStep } from "./steps.ts";

const step = process.env["CRASH_STEP"];
const at = Number(process.env["CRASH_AT"]);
let count = 0;

function pass(here: CrashStep): void {
  if (here !== step) return;
  count += 1;
  if (count === at) process.kill(process.pid, "SIGKILL");
}

function crashing(store: Store): Store {
  const { journal, ledger } = store;
  return {
    ...store,
    journal: {
      ...journal,
      open(attempt) {
        pass("reserved");
        const slot = journal.open(attempt);
        pass("journaled");
        return slot;
      },
      close(slot) {
        pass("committed");
        journal.close(slot);
        pass("closed");
      },
    },
    ledger: {
      ...ledger,
      append(row, responseId, charges) {
        pass("answered");
        const committed = ledger.append(row, responseId, charges);
        pass("appended");
        return committed;
      },
    },
  };
}

const config = loadConfig(process.env, (path) => readFileSync(path, "utf8"), ensureSecrets);
const { dataDir, ledgerSync } = config;
const { database, databaseReport } = reachDatabase(config.database);
const store = await openStore({ dataDir, ledgerSync, database });
const gateway = await createGateway(config, {
  store: crashing(store),
  databaseReport,
  clock: { now: Date.now, monotonic: () => performance.now() },
  logLine: (line) => process.stderr.write(`${line}\n`),
});
const server = Bun.serve({
  hostname: config.listen.host,
  port: config.listen.port,
  idleTimeout: 60,
  fetch: (request) => gateway.app.fetch(request),
});
process.stdout.write(`Anyray serves http://${config.listen.host}:${server.port}\n`);
