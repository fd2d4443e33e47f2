/**
 * `anyray prices diff|import FILE` and `anyray reprice`: what they do, with their ports handed in. Arguments are read in `main.ts`.
 * Everything printed is a name that the ledger may hold, an amount or a place in the file; never a value that was refused.
 * Exit codes: 0 done, 1 not done (the reason is printed).
 */
import type { LedgerRow, LedgerStore, PriceOverrideStore, RepriceChange } from "../../db/store.ts";
import { describeReadFailure } from "../config/fault.ts";
import { type Json, JsonFault, parseStrictJson } from "../config/strict-json.ts";
import { formatPicoUsd } from "../money.ts";
import {
  createCatalogue,
  type Catalogue,
  type PriceOverrideEntry,
  readOverrides,
} from "../pricing/catalogue.ts";
import { createPricing } from "../pricing/cost.ts";
import { listAmounts, readPriceFile } from "../pricing/price-file.ts";
import { encodePrice } from "../pricing/price-json.ts";

type Print = (line: string) => void;
/** The id under which the price data knows a configured provider, by the operator's name; null: it doesn't. */
type PriceIdOf = (provider: string) => string | null;

export interface PriceFileOptions {
  readonly file: string;
  readonly readText: (file: string) => Promise<string>;
  readonly overrides: PriceOverrideStore;
  readonly priceIdOf: PriceIdOf;
  readonly nowMs: number;
  readonly print: Print;
}

/** Shows what `prices import` would change. Stores nothing. */
export async function pricesDiff(options: PriceFileOptions): Promise<number> {
  const entries = await readFile(options);
  const catalogue = await loadCatalogue(options);
  if (entries === null || catalogue === null) return 1;
  const { priceIdOf, nowMs, print } = options;
  const counts = { new: 0, changed: 0, same: 0 };
  print("USD a million tokens (request: USD each):");
  for (const { provider, model, price, version } of entries) {
    const query = { priceId: priceIdOf(provider), providerName: provider, model, atMs: nowMs };
    const old = catalogue.find(query);
    const before = old === null ? new Map<string, string>() : listAmounts(old.price);
    const after = listAmounts(price);
    const changes = [...new Set([...before.keys(), ...after.keys()])]
      .filter((key) => before.get(key) !== after.get(key))
      .map((key) => `${key} ${before.get(key) ?? "none"} → ${after.get(key) ?? "none"}`);
    const kind = old === null ? "new" : changes.length > 0 ? "changed" : "same";
    counts[kind] += 1;
    print(`${provider}/${model} (${old?.version ?? "unpriced"} → ${version})`);
    print(`  ${changes.length > 0 ? changes.join(", ") : "same price"}`);
  }
  print(
    `${counts.new} new, ${counts.changed} changed, ${counts.same} the same. Nothing is stored.`,
  );
  return 0;
}

/** Stores every price of the file, or, if anything is wrong with it, none. */
export async function pricesImport(options: PriceFileOptions): Promise<number> {
  const entries = await readFile(options);
  if (entries === null) return 1;
  await options.overrides.put(
    entries.map(({ provider, model, price, version }) => ({
      provider,
      model,
      price: encodePrice(price),
      version,
      createdAtMs: options.nowMs,
    })),
  );
  const { version = "" } = entries[0] ?? {};
  options.print(`${entries.length} prices stored, version ${version}.`);
  return 0;
}

export interface RepriceOptions {
  /** Inclusive, by the time a request was accepted. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly isApplied: boolean;
  readonly ledger: LedgerStore;
  readonly overrides: PriceOverrideStore;
  readonly priceIdOf: PriceIdOf;
  readonly print: Print;
}

const PAGE = 1000;
const MODELS_SHOWN = 50;

/**
 * Computes the cost of each row again, from its own tokens, model, tier and time with today's price data. A row whose model has
 * no price today stays as it is: a known cost is not thrown away. Applied a page at a time, so that the running gateway is not
 * locked out; if it breaks off, what was changed is right, and the next run does the rest.
 */
export async function reprice(options: RepriceOptions): Promise<number> {
  const { fromMs, toMs, isApplied, ledger, print } = options;
  if (!(fromMs < toMs)) {
    print("--from must be before --to.");
    return 1;
  }
  const catalogue = await loadCatalogue(options);
  if (catalogue === null) return 1;
  const pricing = createPricing(() => catalogue);
  const sum = new RepriceSum();
  let beforeId: string | null = null;
  for (;;) {
    const rows = await ledger.records({ fromMs, toMs, where: {}, limit: PAGE, beforeId });
    const changes = rows.flatMap((row) => {
      const change = repriceRow(row, pricing, options.priceIdOf);
      sum.add(row, change);
      return change === null || change === "unknown" ? [] : [change];
    });
    if (isApplied && changes.length > 0) await ledger.reprice(changes);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) break;
    beforeId = last.id;
  }
  sum.print(print);
  if (sum.changed > 0) print(isApplied ? "Applied." : "Nothing is changed yet: add --apply.");
  return 0;
}

/** Null: the cost is right. "unknown": no price today. */
function repriceRow(
  row: LedgerRow,
  pricing: ReturnType<typeof createPricing>,
  priceIdOf: PriceIdOf,
): RepriceChange | "unknown" | null {
  const { provider, modelRequested: requested } = row;
  // Nothing was used, so nothing was billed, whatever the price.
  if (provider === null || row.usageSource === "none") return null;
  const prefix = `${provider}/`;
  const upstream = requested?.startsWith(prefix) === true ? requested.slice(prefix.length) : null;
  const cost = pricing.cost({
    provider: { name: provider, priceId: priceIdOf(provider) },
    models: [row.modelServed, upstream, requested],
    usage: row,
    serviceTier: row.serviceTier,
    timeMs: row.timeMs,
  });
  if (cost === null) return "unknown";
  if (cost.costPicoUsd === row.costPicoUsd) return null;
  return {
    id: row.id,
    costPicoUsd: cost.costPicoUsd,
    priceVersion: cost.version,
    unpriced: false,
  };
}

/** What `reprice` found, in all and by model. */
class RepriceSum {
  changed = 0;
  #rows = 0;
  #nowPriced = 0;
  #unknown = 0;
  #before = 0n;
  #after = 0n;
  readonly #models = new Map<string, { rows: number; before: bigint; after: bigint }>();

  add(row: LedgerRow, change: RepriceChange | "unknown" | null): void {
    this.#rows += 1;
    const before = row.costPicoUsd ?? 0n;
    this.#before += before;
    if (change === null || change === "unknown") {
      if (change === "unknown") this.#unknown += 1;
      this.#after += before;
      return;
    }
    const after = change.costPicoUsd ?? 0n;
    this.#after += after;
    this.changed += 1;
    if (row.costPicoUsd === null) this.#nowPriced += 1;
    const name = `${row.provider}/${row.modelServed ?? row.modelRequested ?? "unknown"}`;
    const model = this.#models.get(name) ?? { rows: 0, before: 0n, after: 0n };
    model.rows += 1;
    model.before += before;
    model.after += after;
    this.#models.set(name, model);
  }

  print(print: Print): void {
    const models = [...this.#models].sort(([, a], [, b]) => b.rows - a.rows);
    for (const [name, { rows, before, after }] of models.slice(0, MODELS_SHOWN)) {
      print(`${name}: ${rows} rows, ${formatPicoUsd(before)} → ${formatPicoUsd(after)} USD`);
    }
    if (models.length > MODELS_SHOWN) print(`and ${models.length - MODELS_SHOWN} more models`);
    print(
      `${this.#rows} rows, ${this.changed} with another cost (${this.#nowPriced} of them had none), ` +
        `${this.#unknown} without a price today, left as they are.`,
    );
    print(`Total: ${formatPicoUsd(this.#before)} → ${formatPicoUsd(this.#after)} USD`);
  }
}

/** Null after printing why not. */
async function loadCatalogue(options: {
  readonly overrides: PriceOverrideStore;
  readonly print: Print;
}): Promise<Catalogue | null> {
  const { entries, unreadable } = readOverrides(await options.overrides.list());
  for (const name of unreadable) {
    options.print(`The stored price of ${name} cannot be read. Import it again.`);
  }
  return unreadable.length > 0 ? null : createCatalogue(entries);
}

/** Null after printing every fault. */
async function readFile(options: PriceFileOptions): Promise<readonly PriceOverrideEntry[] | null> {
  const { file, readText, print } = options;
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    print(`The price file cannot be read: ${describeReadFailure(error)}.`);
    return null;
  }
  let value: unknown;
  try {
    value = toPlain(parseStrictJson(text));
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    print(`The price file is not valid: ${error.message}.`);
    return null;
  }
  const { entries, faults } = readPriceFile(value);
  if (faults.length === 0) return entries;
  print(`The price file has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:`);
  for (const { path, problem } of faults) print(`  ${path === "" ? "the file" : path} ${problem}`);
  return null;
}

function toPlain(value: Json): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, toPlain(member)]));
  }
  return value;
}
