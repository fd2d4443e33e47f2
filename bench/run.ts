/**
 * `bun run bench`: measures the gateway against a bare Bun proxy, and prints what came out, whatever it is. README.md says what
 * is measured and how to read it. Options: options.ts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasProgram, killAllChildren } from "./children.ts";
import { chooseCores, conditions } from "./machine.ts";
import { measureLarge } from "./measure/large.ts";
import { measureLatency } from "./measure/latency.ts";
import { measureLedger } from "./measure/ledger.ts";
import { measureMemory } from "./measure/memory.ts";
import { measureSealing } from "./measure/sealing.ts";
import { measureStreams } from "./measure/streams.ts";
import { measureThroughput } from "./measure/throughput.ts";
import { type Options, parseOptions, type Part, USAGE } from "./options.ts";
import { reportMarkdown, type Section } from "./report.ts";
import type { Rig } from "./rig.ts";

const MEASURES: Readonly<Record<Part, (rig: Rig) => Promise<Section>>> = {
  json: (rig) => measureThroughput(rig, "json"),
  sse: (rig) => measureThroughput(rig, "sse"),
  latency: measureLatency,
  streams: measureStreams,
  large: measureLarge,
  rss: measureMemory,
  ledger: measureLedger,
  sealing: measureSealing,
};

function fail(text: string): never {
  process.stderr.write(`bench: ${text}\n`);
  process.exit(1);
}

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : "bad options"}\n${USAGE}`);
  }
}

const options = readOptions();
if (!hasProgram("wrk")) fail("wrk is missing; it makes the load. Debian: apt-get install wrk");
if (!options.isControl && !existsSync(join(import.meta.dirname, "../worker/main.ts"))) {
  fail("there is no gateway to measure; --control compares the bare proxy with itself.");
}
const canPin = hasProgram("taskset");
const cores = chooseCores(canPin);
if (cores.proxy === null) {
  process.stderr.write("bench: NOT PINNED (needs taskset and two cores): results vary more.\n");
}
if (cores.rest !== null) spawnSync("taskset", ["-pc", cores.rest, String(process.pid)]);

const tempDir = mkdtempSync(join(tmpdir(), "anyray-bench-"));
function cleanUp(): void {
  killAllChildren();
  rmSync(tempDir, { recursive: true, force: true });
}
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    cleanUp();
    process.exit(status);
  });
}
process.on("exit", cleanUp);

const startMs = performance.now();
const rig: Rig = {
  options,
  cores,
  tempDir,
  progress(text) {
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0).padStart(4);
    process.stderr.write(`${seconds} s  ${text}\n`);
  },
};

const facts = conditions(tempDir, cores);
const date = new Date().toISOString().slice(0, 16);
const kind = `${options.isQuick ? ", quick" : ""}${options.isControl ? ", control: bare against bare" : ""}`;
const resultsDir = join(import.meta.dirname, "results");
mkdirSync(resultsDir, { recursive: true });
const resultPath = join(resultsDir, `${date.replaceAll(":", "")}.md`);
const sections: Section[] = [];
const failures: string[] = [];

/** Written after every part, so that a run that is stopped leaves what it had. */
function writeReport(): string {
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  const report = reportMarkdown({
    heading: `${date.replace("T", " ")} UTC${kind}`,
    conditions: [...facts, ["time taken", `${minutes} min`]],
    sections,
    failures,
  });
  writeFileSync(resultPath, report);
  return report;
}

for (const part of options.parts) {
  try {
    sections.push(await MEASURES[part](rig));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown reason";
    failures.push(`${part}: ${reason}`);
    rig.progress(`${part} FAILED: ${reason}`);
  }
  writeReport();
}
process.stdout.write(writeReport());
// What was written to a pipe must be out before the process ends.
process.exitCode = failures.length === 0 ? 0 : 1;
