/**
 * Child processes of a run: started with a scrubbed environment and a fixed set of cores, stopped by their own pids, none left
 * behind. Nothing here knows what the children do.
 */
import { openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";

export interface Command {
  readonly name: string;
  readonly argv: readonly [program: string, ...args: string[]];
  /** Added to PATH, HOME and TMPDIR; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** As `taskset -c` takes them; null: any. */
  readonly cores: string | null;
  /** What it prints on stderr, and on stdout unless that is read, goes here. */
  readonly logPath: string;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logPath: string;
  /** Null while it runs. */
  exitCode(): number | null;
  /** SIGTERM, then SIGKILL after 5 s. Resolves when it is gone; safe more than once. */
  stop(): Promise<void>;
}

const STOP_MS = 5_000;
const LOG_TAIL_CHARS = 2_000;
const live = new Set<ChildProcess>();

function launch(command: Command, stdout: "pipe" | "log"): ChildProcess {
  const pin = command.cores === null ? [] : ["taskset", "-c", command.cores];
  const [program = "", ...args] = [...pin, ...command.argv];
  const log = openSync(command.logPath, "a");
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  const child = spawn(program, args, {
    env: { PATH, HOME, TMPDIR, NODE_ENV: "production", ...command.env },
    stdio: ["ignore", stdout === "pipe" ? "pipe" : log, log],
  });
  live.add(child);
  child.once("exit", () => live.delete(child));
  child.once("error", () => live.delete(child));
  return child;
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export function startChild(command: Command): Child {
  const child = launch(command, "log");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command.name}: could not start ${command.argv[0]}`);
  return {
    name: command.name,
    pid,
    logPath: command.logPath,
    exitCode: () => child.exitCode,
    async stop() {
      if (isGone(child)) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await gone;
      clearTimeout(late);
    },
  };
}

export interface Reader {
  /** Resolves with the first line of stdout that has come or comes and equals `line`; rejects if stdout ends without it. */
  line(line: string): Promise<void>;
  /** Resolves with all of stdout when the child has ended with 0; else rejects with its log's end. */
  readonly output: Promise<string>;
  stop(): void;
}

/** A child whose stdout is its result. */
export function startReader(command: Command): Reader {
  const child = launch(command, "pipe");
  let text = "";
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watch of watchers) watch();
  };
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    notify();
  });
  const output = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      notify();
      if (code === 0) return resolve(text);
      void logTail(command.logPath).then((tail) =>
        reject(new Error(`${command.name} ended with ${code ?? child.signalCode}\n${tail}`)),
      );
    });
  });
  // A reader that is stopped on purpose rejects with nobody listening.
  output.catch(() => {});
  return {
    output,
    line: (line) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (`\n${text}`.includes(`\n${line}\n`)) resolve();
          else if (!isGone(child)) return;
          else reject(new Error(`${command.name} ended without "${line}"`));
          watchers.delete(watch);
        };
        watchers.add(watch);
        watch();
      }),
    stop: () => void child.kill("SIGKILL"),
  };
}

export async function logTail(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.slice(-LOG_TAIL_CHARS);
}

/** For the way out, also after Ctrl-C. */
export function killAllChildren(): void {
  for (const child of live) child.kill("SIGKILL");
}

export function hasProgram(name: string): boolean {
  return spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined;
}
