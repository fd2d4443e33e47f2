/**
 * The command line of `bun bench/run.ts`. Pure.
 */

export const PARTS = [
  "json",
  "sse",
  "latency",
  "streams",
  "large",
  "rss",
  "ledger",
  "sealing",
] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly parts: readonly Part[];
  /** Alternating rounds of every comparison at 600 bytes. */
  readonly pairs: number;
  /** Measured time of one throughput run; a warm-up comes before it. */
  readonly seconds: number;
  /** Of the gateway; the bare proxy needs less. */
  readonly warmUpSeconds: number;
  /** Rounds at the larger body sizes. */
  readonly sizePairs: number;
  readonly latencyRounds: number;
  readonly streams: number;
  /** Chunks a slow stream sends, 20 a second. */
  readonly streamChunks: number;
  readonly rssRequests: number;
  readonly ledgerRows: number;
  readonly ledgerPairs: number;
  readonly isQuick: boolean;
  /** The gateway's place is taken by a second bare proxy: shows what the rig itself varies by. */
  readonly isControl: boolean;
}

export const USAGE = `bun bench/run.ts [options]
  --quick           a few minutes, numbers that only show that all runs
  --only a,b        of ${PARTS.join(", ")}
  --pairs N         alternating rounds at 600 bytes (7)
  --seconds N       of one throughput run (3)
  --warm-up N       seconds of full load before anything is measured (6)
  --rows N          ledger rows for the ledger part (1000000)
  --control         a second bare proxy in the gateway's place: the rig's own noise`;

const FULL: Options = {
  parts: PARTS,
  pairs: 7,
  seconds: 3,
  warmUpSeconds: 6,
  sizePairs: 2,
  latencyRounds: 3,
  streams: 1_000,
  streamChunks: 200,
  rssRequests: 200_000,
  ledgerRows: 1_000_000,
  ledgerPairs: 4,
  isQuick: false,
  isControl: false,
};

const QUICK: Options = {
  ...FULL,
  pairs: 1,
  seconds: 2,
  warmUpSeconds: 3,
  sizePairs: 1,
  latencyRounds: 1,
  streamChunks: 100,
  rssRequests: 40_000,
  ledgerRows: 100_000,
  ledgerPairs: 1,
  isQuick: true,
};

function wholeNumber(name: string, text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d{0,8}$/.test(text)) {
    throw new Error(`${name} takes a whole number above 0.`);
  }
  return Number(text);
}

function partList(text: string | undefined): readonly Part[] {
  const names = (text ?? "").split(",");
  const parts = PARTS.filter((part) => names.includes(part));
  if (parts.length < names.length) throw new Error(`--only takes a list of: ${PARTS.join(", ")}.`);
  return parts;
}

/** Throws an `Error` that says what is wrong. */
export function parseOptions(args: readonly string[]): Options {
  let options = args.includes("--quick") ? QUICK : FULL;
  const rest = args.values();
  for (const arg of rest) {
    if (arg === "--quick") continue;
    else if (arg === "--control") options = { ...options, isControl: true };
    else if (arg === "--only") options = { ...options, parts: partList(rest.next().value) };
    else if (arg === "--pairs")
      options = { ...options, pairs: wholeNumber(arg, rest.next().value) };
    else if (arg === "--seconds") {
      options = { ...options, seconds: wholeNumber(arg, rest.next().value) };
    } else if (arg === "--warm-up") {
      options = { ...options, warmUpSeconds: wholeNumber(arg, rest.next().value) };
    } else if (arg === "--rows") {
      options = { ...options, ledgerRows: wholeNumber(arg, rest.next().value) };
    } else throw new Error(`Unknown option ${arg}.`);
  }
  return options;
}
