/**
 * Builds the programs that the trace tests start: the Collector, with its own builder, and Jaeger, both from Go modules of
 * fixed versions. `bun otel-collector/build.ts` builds what is missing, says so when nothing is, and never touches the tree.
 * Go's own settings decide where modules come from.
 */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as built from "./programs.ts";

/** Lines of a failed command that are shown. */
const SHOWN_LINES = 40;

class BuildFailure extends Error {}

interface Command {
  readonly what: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves with what it wrote to stdout. Rejects with a `BuildFailure` that shows the end of its output. */
function run(command: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, [...command.args], {
      cwd: command.cwd,
      // A workspace file above the cache must not take part.
      env: { ...process.env, GOWORK: "off", ...command.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let all = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      all += text;
    });
    child.once("error", () => reject(new BuildFailure(`${command.program} can't be started`)));
    child.once("close", (code) => {
      if (code === 0) return resolve(out);
      const end = all.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
      reject(new BuildFailure(`${command.what} failed (exit ${code ?? "by a signal"}):\n${end}`));
    });
  });
}

/** `GOFLAGS` may say `-mod=…`; what is given here comes after it and wins. */
const GO_BUILD = ["build", "-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"] as const;

async function buildCollector(work: string): Promise<string> {
  const bin = join(work, "bin");
  await run({
    what: "Building the Collector's builder",
    program: "go",
    args: ["install", built.BUILDER_MODULE],
    cwd: work,
    env: { GOBIN: bin },
  });
  await run({
    what: "Building the Collector",
    program: join(bin, process.platform === "win32" ? "builder.exe" : "builder"),
    args: ["--config", built.BUILDER_FILE],
    cwd: work,
  });
  return join(work, "collector", built.PROGRAM_FILES.collector);
}

/**
 * `go install` refuses a module with a `replace`. So Jaeger is built as the one dependency of a module with Jaeger's own
 * `go.mod` and `go.sum`: the versions and checksums that its authors built with.
 */
async function buildJaeger(work: string): Promise<string> {
  const { module, version, sum, modSum } = built.JAEGER;
  const folder = join(work, "jaeger");
  mkdirSync(folder);
  const download = await run({
    what: "Downloading Jaeger",
    program: "go",
    args: ["mod", "download", "-json", `${module}@${version}`],
    cwd: folder,
  });
  // Go's own output, in the shape that `go help mod download` states.
  const { Dir, Sum, GoModSum } = JSON.parse(download) as Readonly<Record<string, string>>;
  if (Dir === undefined || Sum !== sum || GoModSum !== modSum) {
    throw new BuildFailure("Jaeger's module is not the one whose checksums are in programs.ts");
  }
  const required = readFileSync(join(Dir, "go.mod"), "utf8")
    .replace(/^module .*$/m, "module anyray.invalid/jaeger")
    // Any Go that is new enough will do.
    .replace(/^toolchain .*\n/m, "");
  writeFileSync(join(folder, "go.mod"), `${required}\nrequire ${module} ${version}\n`);
  writeFileSync(
    join(folder, "go.sum"),
    `${readFileSync(join(Dir, "go.sum"), "utf8")}${module} ${version} ${sum}\n${module} ${version}/go.mod ${modSum}\n`,
  );
  const program = join(folder, built.PROGRAM_FILES.jaeger);
  await run({
    what: "Building Jaeger",
    program: "go",
    args: [...GO_BUILD, "-o", program, `${module}/cmd/jaeger`],
    cwd: folder,
  });
  return program;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function timed<T>(what: string, expected: string, step: () => Promise<T>): Promise<T> {
  say(`${what} (about ${expected} on two cores, when nothing is cached) …`);
  const startedAt = performance.now();
  const result = await step();
  say(`  done in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  return result;
}

/** Everything is made beside its place and moved there at the end: a folder that is there is whole. */
async function build(directory: string): Promise<void> {
  const version = await run({ what: "go", program: "go", args: ["version"], cwd: "/" }).catch(
    () => {
      throw new BuildFailure(
        "Go is not on the PATH. The Collector and Jaeger are built with Go 1.25 or newer; " +
          "without them the tests of the trace back ends can't run.",
      );
    },
  );
  say(`with ${version.trim()}, into ${directory}`);
  const work = `${directory}.building-${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const results = {
      collector: await timed("Collector", "130 s", () => buildCollector(work)),
      jaeger: await timed("Jaeger", "230 s", () => buildJaeger(work)),
    };
    const finished = join(work, "finished");
    mkdirSync(finished);
    const sums = new Map<string, string>();
    for (const name of ["collector", "jaeger"] as const) {
      const path = join(finished, built.PROGRAM_FILES[name]);
      copyFileSync(results[name], path);
      sums.set(built.PROGRAM_FILES[name], await built.sha256OfFile(path));
    }
    writeFileSync(join(finished, built.CHECKSUM_FILE), built.formatChecksums(sums));
    rmSync(directory, { recursive: true, force: true });
    renameSync(finished, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  // Two cores are busy for minutes: whoever works on the machine goes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const directory = built.programsDirectory();
  const before = await built.locatePrograms(directory);
  if (before.ok) return say(`The trace back ends are built: ${directory}`);
  say(`Building the trace back ends: ${existsSync(directory) ? before.reason : "the first time"}`);
  await build(directory);
  const after = await built.locatePrograms(directory);
  if (!after.ok) throw new BuildFailure(`After the build ${after.reason}`);
  say("The trace back ends are built.");
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof BuildFailure ? error.message : "The build failed: " + String(error)}\n`,
  );
  process.exit(1);
});
