#!/usr/bin/env bun
/**
 * The `anyray` command: gives `run.ts` what is outside (arguments, streams, store, clock), and exits with its code.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { openStoreForTool } from "../../db/open.ts";
import about from "../../package.json" with { type: "json" };
import { loadPriceIds, loadStoreLocation } from "../config/load.ts";
import { runCli } from "./run.ts";
import { createTerminal } from "./terminal.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: createTerminal(process.stdout, process.stderr, process.env),
  version: about.version,
  openStore: async () => openStoreForTool(loadStoreLocation(process.env)),
  now: Date.now,
  random: randomBytes,
  loadPriceIds: () => loadPriceIds(process.env, (path) => readFileSync(path, "utf8")),
  loadPriceCommands: () => import("./price-commands.ts"),
});
