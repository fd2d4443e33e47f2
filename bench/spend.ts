/**
 * How long questions about a month's spend take over a ledger that `fill.ts` wrote, asked as the admin API asks.
 *
 *     bun bench/spend.ts DATA_DIR [TIMES]
 *
 * First the sums by day and hour are made; then every grouping by one and by two, and every filter, is asked several times, one after the other.
 * Beside the time that passed stands the processors' time of this process, all threads: on a machine that others use, that is the
 * better figure. Prints Markdown.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../db/open.ts";
import type { SpendGroup, SpendQuery } from "../db/store.ts";
import { number } from "./report.ts";

const DAY_MS = 86_400_000;
const NAMES = ["user", "team", "key_id", "provider", "model", "endpoint", "outcome"] as const;
const FILTERS: SpendQuery["where"][] = [
  { user: "user-17@example.com" },
  { team: "team-3" },
  { key_id: "key_Bench00000000007" },
  { provider: "mock" },
  { model: "large-1" },
  { endpoint: "chat" },
  { outcome: "ok" },
];
/** The question of the console's first page. */
const TEAM_TIMES = 100;
/** Until two looks in a row take as long as each other, within this. */
const SETTLED_MS = 50;

const [dataDir = "", timesText = "5"] = process.argv.slice(2);
const times = Number(timesText);
const store = await openStore({ dataDir, ledgerSync: "normal" });
const toMs = Date.now() + 1;
const month: SpendQuery = {
  fromMs: toMs - 30 * DAY_MS,
  toMs,
  where: {},
  groupBy: [],
  timeZone: "UTC",
  limit: 100,
};

async function ask(query: SpendQuery): Promise<number> {
  const startMs = performance.now();
  await store.ledger.spend(query);
  return performance.now() - startMs;
}

interface Line {
  readonly groupBy: readonly SpendGroup[];
  readonly where: SpendQuery["where"];
  /** Ms that passed, and the processors' ms, each in order. */
  readonly passed: readonly number[];
  readonly used: readonly number[];
}

async function measure(
  groupBy: readonly SpendGroup[],
  where: SpendQuery["where"],
  count = times,
): Promise<Line> {
  const [passed, used]: [number[], number[]] = [[], []];
  for (let n = 0; n < count; n++) {
    const before = process.cpuUsage();
    passed.push(await ask({ ...month, groupBy, where }));
    const { user, system } = process.cpuUsage(before);
    used.push((user + system) / 1_000);
  }
  const inOrder = (list: number[]) => list.sort((a, b) => a - b);
  return { groupBy, where, passed: inOrder(passed), used: inOrder(used) };
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const all: readonly SpendGroup[] = [...NAMES, "day"];
const groupings: readonly (readonly SpendGroup[])[] = [
  [],
  ...all.map((name) => [name]),
  ...all.flatMap((one, at) => all.slice(at + 1).map((other) => [one, other])),
];

/** The sums are made in the thread while it is not asked anything. */
async function settle(): Promise<void> {
  for (let before = Infinity, same = 0; same < 3;) {
    const taken = await ask({ ...month, groupBy: ["user", "model"] });
    same = Math.abs(before - taken) < SETTLED_MS ? same + 1 : 0;
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

const megabytes = (name: string): string =>
  number(statSync(join(dataDir, name)).size / 1_048_576, 1);

await settle();
const team = await measure(["team"], {}, TEAM_TIMES);
const plain: Line[] = [];
for (const groupBy of groupings) plain.push(await measure(groupBy, {}));
const filtered: Line[] = [];
for (const where of FILTERS) {
  for (const groupBy of groupings) filtered.push(await measure(groupBy, where));
}
const { totals } = await store.ledger.spend(month);
await store.close();

const medianOf = (lines: readonly Line[], kind: "passed" | "used"): string => {
  const medians = lines.map((line) => percentile(line[kind], 0.5)).sort((a, b) => a - b);
  return number(percentile(medians, 0.5));
};
const worstOf = (lines: readonly Line[], kind: "passed" | "used"): string => {
  const most = (line: Line): number => percentile(line[kind], 1);
  const [slowest] = [...lines].sort((a, b) => most(b) - most(a));
  if (slowest === undefined) return "–";
  const filter = Object.entries(slowest.where).map(([name, value]) => `${name}=${value}`);
  return `${number(most(slowest))} (${[...slowest.groupBy, ...filter].join(", ")})`;
};
const row = (name: string, lines: readonly Line[]): string =>
  `| ${name} | ${lines.length} | ${medianOf(lines, "passed")} | ${worstOf(lines, "passed")} | ${medianOf(lines, "used")} | ${worstOf(lines, "used")} |`;
const teamP95 = (kind: "passed" | "used"): string => number(percentile(team[kind], 0.95), 1);
const isPair = ({ groupBy }: Line): boolean => groupBy.length === 2;
process.stdout.write(
  `${[
    `${totals.rows} rows in the last 30 days; ledger ${megabytes("anyray.sqlite")} MiB, sums ${megabytes("rollup.sqlite")} MiB`,
    "",
    "| question | kinds | median, ms | slowest of all | processors, median, ms | most of all |",
    "| --- | --- | --- | --- | --- | --- |",
    row(
      "by none or one",
      plain.filter((line) => !isPair(line)),
    ),
    row("by two", plain.filter(isPair)),
    row(
      "by none or one, one filter",
      filtered.filter((line) => !isPair(line)),
    ),
    row("by two, one filter", filtered.filter(isPair)),
    "",
    `by team, p95 of ${TEAM_TIMES}: ${teamP95("passed")} ms (processors: ${teamP95("used")} ms)`,
  ].join("\n")}\n`,
);
