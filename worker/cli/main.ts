#!/usr/bin/env bun
/**
 * The `anyray` command: gives `run.ts` what is outside (arguments, streams, store, clock), and exits with its code.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openStoreForTool } from "../../db/open.ts";
import { openSubjectsForTool } from "./open-subjects.ts";
import about from "../../package.json" with { type: "json" };
import { loadContentKeys, loadPriceIds, loadStoreLocation, loadTraces } from "../config/load.ts";
import { ensureSecrets } from "../config/secret.ts";
import { reachDatabase } from "./reach-database.ts";
import { runCli } from "./run.ts";
import { createTerminal } from "./terminal.ts";
import { userNameOf } from "./user-name.ts";
import { whenStopped } from "./when-stopped.ts";
import { writePrivate } from "./write-private.ts";

const PASSWD = "/etc/passwd";
const LEDGER = "anyray.sqlite";
const readText = (path: string): string => readFileSync(path, "utf8");

/** As shells have it for a program whose reader went away, such as `| head`. */
const READER_GONE = 141;
process.stdout.on("error", () => process.exit(READER_GONE));

const terminal = createTerminal(process.stdout, process.stderr, process.env);

/** A key that is made in a store that no gateway has is of no use to anyone, and looks like every other. */
function sayIfNew(dataDir: string): void {
  if (existsSync(join(dataDir, LEDGER))) return;
  terminal.say(
    `anyray: there is no store in ${dataDir} yet, and one is made. For that of a gateway, set ANYRAY_DATA_DIR as the gateway has it.`,
  );
}

process.exitCode = await runCli(process.argv.slice(2), {
  terminal,
  version: about.version,
  openStore: async (dataDir) => {
    const { database: place, ...location } = loadStoreLocation(process.env, readText);
    // A directory that is named is looked at itself, whatever else is configured.
    if (dataDir !== undefined) return openStoreForTool({ ...location, dataDir });
    const { database } = reachDatabase(place);
    if (database === null) sayIfNew(location.dataDir);
    return openStoreForTool({ ...location, database });
  },
  now: Date.now,
  random: randomBytes,
  loadPriceIds: () => loadPriceIds(process.env, readText),
  loadPriceCommands: () => import("./price-commands.ts"),
  loadContentCommands: () => import("./content-commands.ts"),
  loadTracesCommand: () => import("./traces.ts"),
  loadTraces: () => loadTraces(process.env),
  loadContentKeys: () => loadContentKeys(process.env, readText, ensureSecrets),
  openSubjects: async () => openSubjectsForTool(loadStoreLocation(process.env, readText).dataDir),
  writePrivate: async (path, content) => writePrivate(path, content),
  writeOut: (bytes) => void process.stdout.write(bytes),
  whenStopped,
  adminToken: () => process.env["ANYRAY_ADMIN_TOKEN"] || null,
  userName: () => {
    const { uid, username } = userInfo();
    return userNameOf(uid, existsSync(PASSWD) ? readText(PASSWD) : "", username);
  },
});
