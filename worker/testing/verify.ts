/**
 * Every check of the project, one after the other, with what each found; the last line counts the tests. What the machine
 * lacks is named loudly, and under `CI=true` it is a failure.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
/** Run on Deno, too: what goes through the front door, and all that touches a runtime's own parts. */
const ON_DENO = [
  "worker/testing/front-door.test.ts",
  "worker/testing/streaming.test.ts",
  "worker/testing/bad-input.test.ts",
  "worker/testing/opaque.test.ts",
  "worker/testing/opaque-streams.test.ts",
  "worker/testing/content.test.ts",
  "worker/testing/admin/live.test.ts",
  "worker/live-feed.test.ts",
  "worker/egress",
  "worker/encryption",
  "worker/audit",
  "worker/privacy",
  "worker/content",
  "worker/traces",
  "otel-collector/pipeline.test.ts",
  "db",
];

interface Outcome {
  readonly name: string;
  readonly isGood: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Counts in the output; a step without tests counts as one. */
  readonly count?: (output: string) => { passed: number; failed: number; skipped: number };
}

const number = (pattern: RegExp, text: string): number =>
  Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);

function bunCounts(output: string) {
  return {
    passed: number(/^\s*(\d+) pass$/gm, output),
    failed: number(/^\s*(\d+) fail$/gm, output),
    skipped: number(/^\s*(\d+) skip$/gm, output),
  };
}

function denoCounts(output: string) {
  const plain = output.replaceAll(/\u001b\[[0-9;]*m/g, "");
  return {
    // Its tests are groups; the steps within are what the others call tests.
    passed: number(/passed \((\d+) steps?\)/g, plain) || number(/(\d+) passed/g, plain),
    failed: number(/\| (\d+) failed/g, plain),
    skipped: number(/\| (\d+) ignored/g, plain),
  };
}

/** The program itself: the package's command is a Node script whose child would outlive a kill. */
function findDeno(): string | null {
  const scope = join(ROOT, "node_modules/@deno");
  const [platform] = existsSync(scope) ? readdirSync(scope) : [];
  const path = join(scope, platform ?? "none", "deno");
  return existsSync(path) ? path : null;
}

async function run(step: Step): Promise<Outcome> {
  const startedAt = performance.now();
  process.stdout.write(`\n— ${step.name}\n`);
  const child = Bun.spawn([...step.command], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const [out, err] = await Promise.all([tee(child.stdout), tee(child.stderr)]);
  const code = await child.exited;
  const counts = step.count?.(out + err) ?? {
    passed: code === 0 ? 1 : 0,
    failed: code === 0 ? 0 : 1,
    skipped: 0,
  };
  const isGood = code === 0 && counts.failed === 0 && counts.passed > 0;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`  ${isGood ? "good" : "FAILED"} in ${seconds} s\n`);
  return { name: step.name, isGood, ...counts, failed: counts.failed || (isGood ? 0 : 1) };
}

/** Shows the output, but for the lines of single tests that passed, and keeps it. */
async function tee(stream: ReadableStream<Uint8Array>): Promise<string> {
  const text = await new Response(stream).text();
  const shown = text
    .split("\n")
    .filter(
      (line) =>
        !/^\(pass\)|^\s.*\.\.\. ?(?:ok \(|$)|^(?:running \d|.*\.test\.ts:$)/.test(line.trimEnd()),
    )
    .filter((line) => line.trim() !== "");
  if (shown.length > 0) process.stdout.write(`${shown.join("\n")}\n`);
  return text;
}

const bun = process.execPath;
const deno = findDeno();
const steps: Step[] = [
  {
    name: "format",
    command: [
      bun,
      "fmt",
      "--check",
      "worker",
      "db",
      "console",
      "bench",
      "otel-collector",
      "docker-compose.yml",
      "package.json",
      "tsconfig.json",
    ],
  },
  { name: "types", command: [bun, "check"] },
  // That it finds what it should is a test of its own: console/testing/escaping.test.ts.
  {
    name: "every text in a page is escaped",
    command: [bun, "node_modules/@kitajs/ts-html-plugin/dist/cli.js", "-p", "tsconfig.json"],
  },
  { name: "tests on Bun", command: [bun, "test", "--timeout", "60000"], count: bunCounts },
];
if (deno !== null) {
  steps.push({
    name: "tests on Deno",
    command: [deno, "test", "-A", "--no-check", ...ON_DENO],
    count: denoCounts,
  });
} else {
  process.stdout.write("SKIPPED: tests on Deno (no Deno for this platform in node_modules)\n");
}

const outcomes: Outcome[] = [];
for (const step of steps) outcomes.push(await run(step));
const isCi = process.env["CI"] === "true";
const sum = (field: "passed" | "failed" | "skipped") =>
  outcomes.reduce((total, outcome) => total + outcome[field], 0);
const missing = isCi && deno === null ? 1 : 0;
const skippedInCi = isCi ? sum("skipped") : 0;
if (skippedInCi > 0) process.stdout.write("\nSkipped tests count as failures here.\n");
const failed = sum("failed") + missing + skippedInCi;
process.stdout.write(`\n${sum("passed")} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
