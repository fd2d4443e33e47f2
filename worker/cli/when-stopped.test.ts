/** Ctrl-C in the midst of a reading, on a process of its own. */
import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { SealJob } from "../content/sealing.ts";
import { sealInto } from "../testing/sealed-content.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-stopped-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const RUN = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
const KEY = "aa".repeat(32);
const PARTS = 5_000;

async function seal(dir: string): Promise<void> {
  const jobs = Array.from({ length: PARTS }, (_, n): SealJob => ({
    traceId: n.toString(16).padStart(32, "0"),
    spanId: "00000000000000aa",
    timeMs: 1 + n,
    mode: "encrypted",
    subject: "key user ann",
    field: "input",
    media: "json",
    isCut: false,
    bytes: new TextEncoder().encode("what is sealed"),
    omitted: null,
  }));
  await sealInto(dir, jobs, { key: KEY, now: Date.now });
}

test("a reading that is stopped leaves nothing that was opened", async () => {
  const data = join(root, "data");
  await seal(data);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const out = join(root, signal);
    mkdirSync(out);
    const args = ["decrypt", data, "--all", "--reason", "T-1", "--out", join(out, "parts.jsonl")];
    const child = spawn(process.execPath, [...RUN, MAIN, ...args, "--actor", "ann"], {
      env: { PATH: process.env["PATH"], ANYRAY_DATA_DIR: data, ANYRAY_CONTENT_KEY: KEY },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    // What was opened stands in a draft until all is.
    while (child.exitCode === null && readdirSync(out).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    // Deno begins to listen for signals at the next turn of its loop.
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(readdirSync(out)).toEqual([expect.stringMatching(/^parts\.jsonl\..+\.tmp$/)]);
    child.kill(signal);
    await ended;
    expect(readdirSync(out)).toEqual([]);
  }
}, 60_000);
