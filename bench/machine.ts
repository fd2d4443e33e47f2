/**
 * What the machine says of itself and of a process. Linux's `/proc`; elsewhere the answers are null, and are reported as such.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { spread } from "./stats.ts";

/** Linux reports CPU time in ticks of 10 ms, whatever the kernel's own tick is. */
const TICK_MS = 10;

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return null;
  }
}

function statusKb(pid: number, field: string): number | null {
  const kb = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readProc(`${pid}/status`) ?? "")?.[1];
  return kb === undefined ? null : Number(kb);
}

export function rssKb(pid: number): number | null {
  return statusKb(pid, "VmRSS");
}

export function peakRssKb(pid: number): number | null {
  return statusKb(pid, "VmHWM");
}

/** From here on `peakRssKb` is the peak since now. */
export function resetPeakRss(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Not Linux, or not allowed: then the peak is that of the process's life.
  }
}

/** User and system time of all threads since the process began, ms. */
export function cpuMs(pid: number): number | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  // The second field, a name in parentheses, may hold anything: count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Time that a core has not been idle since boot, ms. Null for a set of cores. */
export function coreBusyMs(cores: string | null): number | null {
  const line = new RegExp(`^cpu${cores} (.*)$`, "m").exec(readProc("stat") ?? "")?.[1];
  if (line === undefined) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) * TICK_MS;
}

/** One core for the proxy under test, all others for the rest; nulls where nothing can be pinned. */
export interface Cores {
  readonly proxy: string | null;
  readonly rest: string | null;
}

export function chooseCores(canPin: boolean): Cores {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readProc("self/status") ?? "")?.[1];
  if (!canPin || list === undefined) return { proxy: null, rest: null };
  const cores = list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  if (cores.length < 2) return { proxy: null, rest: null };
  return { proxy: String(cores[0]), rest: cores.slice(1).join(",") };
}

/** Median time of a 4 KiB write and fsync in this directory, µs: what full durability has to pay at least. */
export function fsyncMicros(dir: string): number {
  const path = join(dir, "fsync-probe");
  const file = openSync(path, "w");
  const block = Buffer.alloc(4_096, 1);
  const micros = Array.from({ length: 100 }, (_, index) => {
    writeSync(file, block, 0, block.length, index * block.length);
    const start = performance.now();
    fsyncSync(file);
    return (performance.now() - start) * 1_000;
  });
  closeSync(file);
  rmSync(path);
  return spread(micros).median;
}

function firstLine(program: string, args: readonly string[]): string {
  const { stdout } = spawnSync(program, [...args], { encoding: "utf8" });
  return stdout?.trim().split("\n").at(-1)?.trim() ?? "";
}

/** Facts for the report's head; nothing in it names this machine. */
export function conditions(dir: string, cores: Cores): readonly (readonly [string, string])[] {
  const model = cpus()[0]?.model ?? "unknown";
  const pinned =
    cores.proxy === null
      ? "not pinned"
      : `proxy on core ${cores.proxy}, all else on core ${cores.rest}`;
  const commit = firstLine("git", ["rev-parse", "--short", "HEAD"]);
  const isDirty = firstLine("git", ["status", "--porcelain", "--", "worker", "db"]) !== "";
  const wrk = spawnSync("wrk", ["-v"], { encoding: "utf8" }).stdout?.split(" ")[1] ?? "none";
  return [
    ["commit", commit + (isDirty ? " with changes" : "")],
    ["machine", `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ["cores", pinned],
    ["system", `Linux ${release()}`],
    ["runtime", `Bun ${Bun.version}, NODE_ENV=production`],
    ["wrk", wrk],
    ["file system", firstLine("df", ["--output=fstype", dir])],
    ["fsync of 4 KiB", `${fsyncMicros(dir).toFixed(0)} µs`],
    [
      "load average before",
      loadavg()
        .map((load) => load.toFixed(2))
        .join(" "),
    ],
  ];
}
