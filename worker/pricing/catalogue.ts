/**
 * Which price a model has: the operator's overrides first, then the data vendored in `@pydantic/genai-prices`.
 * Nothing here is fetched: the package has one URL, as a constant, and asks for it only through `updatePrices`, which is
 * never called. Pure; the time comes in with the query.
 *
 * A price that is not known is null (`unpriced`), never zero. An entry of the data without a text-token price is not known,
 * except where its id ends in `:free`.
 */
import { calcPrice, findProvider, type ModelInfo } from "@pydantic/genai-prices";
import { isIdentity } from "../chat.ts";
import { DEMO_PRICE, DEMO_PRICE_ID, DEMO_PRICE_VERSION } from "./demo.ts";
import { parsePrice } from "./price-json.ts";
import type { ModelPrice } from "./price.ts";
import { toPriceTimeline } from "./vendored.ts";

/** The package's version; a test compares it with the installed one. */
export const PRICE_DATA_VERSION = "genai-prices-0.1.8";

/** What an answer says when it was served at list price. Any other tier has a price of its own. */
const LIST_TIERS: ReadonlySet<string> = new Set(["default", "standard", "auto", "on_demand"]);
/**
 * Ends a version where another tier was served than the price is for: flex and batch are then over-billed, priority is
 * under-billed. An override with `service_tiers` cures it. Left unpriced, such a row would slip past every dollar cap.
 */
const AT_LIST = "+at-list";

/** Model look-ups kept, over all providers. Names come from callers. */
const MAX_ENTRIES = 1_000;
/** No model has a longer name; neither the data's patterns nor the cache meet one. */
const MAX_MODEL_LENGTH = 256;

export interface PriceOverrideEntry {
  /** The operator's name for the provider. */
  readonly provider: string;
  /** Exact model name, as sent or served. */
  readonly model: string;
  readonly price: ModelPrice;
  readonly version: string;
}

export interface PriceQuery {
  /** The provider's id in the vendored data; null: overrides alone. */
  readonly priceId: string | null;
  /** The operator's name for the provider, for overrides. */
  readonly providerName: string;
  readonly model: string;
  /** When the request was accepted, ms since 1970: prices change with the date, some with the hour. */
  readonly atMs: number;
  /** `service_tier` of the *answer*; left out before there is one. */
  readonly serviceTier?: string | null;
}

export interface FoundPrice {
  readonly price: ModelPrice;
  /** For the ledger's `price_version`. */
  readonly version: string;
  /** Tokens, where the data knows. */
  readonly contextWindow: number | null;
}

export interface Catalogue {
  /** Of the vendored data. */
  readonly version: string;
  /** Names of the priced models of one provider, to be offered to callers. Empty for a provider that the data doesn't know. */
  models(priceId: string | null): readonly string[];
  /** Null: unpriced. */
  find(query: PriceQuery): FoundPrice | null;
}

/** What the data knows of one model name. */
interface Entry {
  /** The first that applies counts. */
  readonly timeline: readonly {
    readonly appliesAt: (atMs: number) => boolean;
    readonly found: FoundPrice | null;
  }[];
  readonly contextWindow: number | null;
}

const UNKNOWN: Entry = { timeline: [], contextWindow: null };

export function createCatalogue(overrides: readonly PriceOverrideEntry[]): Catalogue {
  const overridden = new Map<string, Map<string, FoundPrice>>();
  for (const { provider, model, price, version } of overrides) {
    const models = overridden.get(provider) ?? new Map<string, FoundPrice>();
    overridden.set(provider, models.set(model, { price, version, contextWindow: null }));
  }

  const entries = new Map<string, Map<string, Entry>>();
  const listed = new Map<string, readonly string[]>();
  let size = 0;

  function entryOf(priceId: string, model: string): Entry {
    const known = entries.get(priceId)?.get(model);
    if (known !== undefined) return known;
    if (model.length > MAX_MODEL_LENGTH) return UNKNOWN;
    const entry = readEntry(priceId, model);
    if (size >= MAX_ENTRIES) {
      // Dropping all is rare, cheap to make good (some 10 µs a model), and leaves nothing to be gamed.
      entries.clear();
      size = 0;
    }
    const models = entries.get(priceId) ?? new Map<string, Entry>();
    entries.set(priceId, models.set(model, entry));
    size += 1;
    return entry;
  }

  function atList(query: PriceQuery): FoundPrice | null {
    const { priceId, providerName, model, atMs } = query;
    const override = overridden.get(providerName)?.get(model);
    if (priceId === null) return override ?? null;
    if (override === undefined) return priceAt(entryOf(priceId, model), atMs);
    const { contextWindow } = entryOf(priceId, model);
    return contextWindow === null ? override : { ...override, contextWindow };
  }

  return {
    version: PRICE_DATA_VERSION,
    models(priceId) {
      if (priceId === null) return [];
      const known = listed.get(priceId);
      if (known !== undefined) return known;
      const names = listModels(priceId);
      // Only ids that the data has are kept: there are some 40.
      if (names.length > 0) listed.set(priceId, names);
      return names;
    },
    find(query) {
      const found = atList(query);
      const tier = query.serviceTier;
      if (found === null || tier === undefined || tier === null || LIST_TIERS.has(tier)) {
        return found;
      }
      const plan = found.price.serviceTiers.get(tier);
      return plan === undefined
        ? { ...found, version: found.version + AT_LIST }
        : { ...found, price: { ...plan, serviceTiers: found.price.serviceTiers } };
    },
  };
}

/**
 * Overrides as a store keeps them, with their prices as JSON. One that cannot be read is left out and listed: the caller MUST
 * say so, since that model then falls back to the vendored price.
 */
export function readOverrides(
  stored: readonly (Omit<PriceOverrideEntry, "price"> & { readonly price: string })[],
): { readonly entries: readonly PriceOverrideEntry[]; readonly unreadable: readonly string[] } {
  const unreadable: string[] = [];
  const entries = stored.flatMap(({ provider, model, price, version }) => {
    try {
      return [{ provider, model, price: parsePrice(price), version }];
    } catch {
      unreadable.push(`${provider}/${model}`);
      return [];
    }
  });
  return { entries, unreadable };
}

function priceAt(entry: Entry, atMs: number): FoundPrice | null {
  for (const timed of entry.timeline) if (timed.appliesAt(atMs)) return timed.found;
  return null;
}

/** The data's own matching: patterns, dated names, and providers that resell another's models. */
function modelInfo(priceId: string, model: string): ModelInfo | null {
  // `findProvider` also guesses by pattern; only an exact id is ours.
  if (findProvider({ providerId: priceId })?.id !== priceId) return null;
  // A fixed time, so that the package doesn't read the clock: the model found doesn't depend on it.
  return calcPrice({}, model, { providerId: priceId, timestamp: new Date(0) })?.model ?? null;
}

function readEntry(priceId: string, model: string): Entry {
  if (priceId === DEMO_PRICE_ID) {
    const found = { price: DEMO_PRICE, version: DEMO_PRICE_VERSION, contextWindow: null };
    return { timeline: [{ appliesAt: () => true, found }], contextWindow: null };
  }
  const info = modelInfo(priceId, model);
  return info === null ? UNKNOWN : entryFrom(info);
}

function entryFrom(info: ModelInfo): Entry {
  const contextWindow = info.context_window ?? null;
  const timeline = toPriceTimeline(info).map(({ appliesAt, price }) => ({
    appliesAt,
    found: price === null ? null : { price, version: PRICE_DATA_VERSION, contextWindow },
  }));
  return { timeline, contextWindow };
}

/** Ids and exact alternative names. An id that the data itself does not match is a family's name, not a model's. */
function listModels(priceId: string): readonly string[] {
  const provider = findProvider({ providerId: priceId });
  if (provider === undefined || provider.id !== priceId) return [];
  const names = new Set<string>();
  for (const model of provider.models) {
    if (model.deprecated === true) continue;
    if (toPriceTimeline(model).every(({ price }) => price === null)) continue;
    const alternatives = "or" in model.match ? model.match.or : [model.match];
    const exact = alternatives.flatMap((match) => ("equals" in match ? [match.equals] : []));
    for (const name of new Set([model.id, ...exact])) {
      if (isIdentity(name) && modelInfo(priceId, name) === model) names.add(name);
    }
  }
  return [...names];
}
