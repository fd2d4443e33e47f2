/**
 * The command lines of `anyray prices` and `anyray reprice`: reads their arguments and opens what they need. What they do is in `prices.ts`.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Store } from "../../db/store.ts";
import { record } from "../audit/record.ts";
import { importPrices } from "../price-changes.ts";
import { UsageError } from "./failure.ts";
import { INSTANT_FORM, parseInstant } from "./instant.ts";
import { pricesDiff, pricesImport, reprice, type PriceFileOptions } from "./prices.ts";
import type { Terminal } from "./terminal.ts";

export interface PriceTools {
  readonly terminal: Terminal;
  readonly openStore: () => Promise<Pick<Store, "audit" | "ledger" | "prices" | "close">>;
  readonly now: () => number;
  /** The id under which the price data knows a provider, by the operator's name for it. Throws `ConfigError`. */
  readonly loadPriceIds: () => (provider: string) => string | null;
}

type Print = (line: string) => void;

/** What is printed is a result if the command succeeds, and words for the person if it does not. */
async function withStore(
  { terminal, openStore }: PriceTools,
  work: (store: Awaited<ReturnType<PriceTools["openStore"]>>, print: Print) => Promise<number>,
): Promise<number> {
  const lines: string[] = [];
  const store = await openStore();
  try {
    const code = await work(store, (line) => void lines.push(line));
    if (lines.length > 0) (code === 0 ? terminal.out : terminal.say)(lines.join("\n"));
    return code;
  } finally {
    await store.close();
  }
}

/** Resolves to the exit code. Throws `UsageError` and what `parseArgs` and the store throw. */
export async function runPrices(args: readonly string[], tools: PriceTools): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
  const [name, file, ...rest] = positionals;
  const command = name === "diff" ? pricesDiff : name === "import" ? pricesImport : undefined;
  if (command === undefined || file === undefined || rest.length > 0) {
    throw new UsageError("prices takes diff or import, and a file.");
  }
  const priceIdOf = tools.loadPriceIds();
  return withStore(tools, (store, print) =>
    command({
      file,
      readText: (path) => readFile(path, "utf8"),
      overrides: auditedPrices(store, tools.now()),
      priceIdOf,
      nowMs: tools.now(),
      print,
    }),
  );
}

/** Stored with an audit entry, as over the admin API. */
function auditedPrices(
  { audit, prices }: Pick<Store, "audit" | "prices">,
  timeMs: number,
): PriceFileOptions["overrides"] {
  return {
    list: () => prices.list(),
    async put(overrides) {
      const version = overrides[0]?.version ?? "none";
      const draft = { timeMs, actor: "cli", action: "price.import", target: version } as const;
      const after = { version, prices: overrides.length };
      await record(audit, { ...draft, before: null, after }, importPrices(overrides, null));
    },
  };
}

function instant(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = parseInstant(text);
  if (timeMs === null) throw new UsageError(`--${option} takes a time: ${INSTANT_FORM}.`);
  return timeMs;
}

/** As `runPrices`. */
export async function runReprice(args: readonly string[], tools: PriceTools): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { from: { type: "string" }, to: { type: "string" }, apply: { type: "boolean" } },
  });
  const fromMs = instant("from", values.from);
  if (fromMs === undefined) throw new UsageError(`reprice needs --from: ${INSTANT_FORM}.`);
  const toMs = instant("to", values.to) ?? tools.now();
  if (fromMs >= toMs) throw new UsageError("--from must be before --to, and in the past.");
  const priceIdOf = tools.loadPriceIds();
  return withStore(tools, (store, print) =>
    reprice({
      fromMs,
      toMs,
      isApplied: values.apply === true,
      ledger: store.ledger,
      overrides: store.prices,
      priceIdOf,
      print,
    }),
  );
}
