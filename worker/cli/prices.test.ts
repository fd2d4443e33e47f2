import { describe, expect, test } from "bun:test";
import type {
  LedgerRow,
  LedgerStore,
  PriceOverride,
  PriceOverrideStore,
  RepriceChange,
} from "../../db/store.ts";
import { encodePrice, parsePrice } from "../pricing/price-json.ts";
import { completePrice } from "../pricing/price.ts";
import { type PriceFileOptions, pricesDiff, pricesImport, reprice } from "./prices.ts";

const NOW_MS = Date.UTC(2026, 10, 1);

function overrideStore(stored: PriceOverride[] = []): PriceOverrideStore & {
  readonly stored: PriceOverride[];
} {
  return {
    stored,
    list: () => Promise.resolve(stored),
    put: (overrides) => {
      stored.push(...overrides);
      return Promise.resolve();
    },
  };
}

function override(provider: string, model: string, input: bigint): PriceOverride {
  const price = { ...completePrice({ prices: { input } }), serviceTiers: new Map() };
  return { provider, model, price: encodePrice(price), version: "v0", createdAtMs: 0 };
}

/** Runs one of the file commands and gives its exit code and what it printed. */
async function runOnFile(
  command: (options: PriceFileOptions) => Promise<number>,
  text: string,
  overrides = overrideStore(),
) {
  const lines: string[] = [];
  const code = await command({
    file: "prices.json",
    readText: () => Promise.resolve(text),
    overrides,
    priceIdOf: (provider) => (provider === "openai" ? "openai" : null),
    nowMs: NOW_MS,
    print: (line) => lines.push(line),
  });
  return { code, text: lines.join("\n"), stored: overrides.stored };
}

const FILE = JSON.stringify({
  version: "2026-11-01",
  prices: [
    {
      provider: "openai",
      model: "gpt-4o",
      input_usd_per_million: "2",
      output_usd_per_million: "10",
    },
    { provider: "local", model: "llama", input_usd_per_million: "1", output_usd_per_million: "1" },
    { provider: "local", model: "old", input_usd_per_million: "1", output_usd_per_million: "1" },
  ],
});

describe("prices diff", () => {
  test("prints old and new prices by model, and stores nothing", async () => {
    const store = overrideStore([override("local", "old", 1_000_000n)]);
    const { code, text, stored } = await runOnFile(pricesDiff, FILE, store);
    expect(code).toBe(0);
    expect(text).toContain("openai/gpt-4o (genai-prices-0.1.8 → 2026-11-01)\n  input 2.5 → 2, ");
    expect(text).not.toContain("output 10 → 10");
    expect(text).toContain("local/llama (unpriced → 2026-11-01)\n  input none → 1, ");
    expect(text).toContain("local/old (v0 → 2026-11-01)\n  same price");
    expect(text).toContain("1 new, 1 changed, 1 the same.");
    expect(stored.length).toBe(1);
  });

  test("refuses to compare with a stored price that it cannot read", async () => {
    const broken = { ...override("local", "old", 1n), price: "{}" };
    const { code, text } = await runOnFile(pricesDiff, FILE, overrideStore([broken]));
    expect(code).toBe(1);
    expect(text).toContain("local/old");
  });
});

describe("prices import", () => {
  test("stores every price, in a form that can be read back", async () => {
    const { code, text, stored } = await runOnFile(pricesImport, FILE);
    expect([code, text]).toEqual([0, "3 prices stored, version 2026-11-01."]);
    expect(stored.map(({ provider, model }) => `${provider}/${model}`)).toEqual([
      "openai/gpt-4o",
      "local/llama",
      "local/old",
    ]);
    expect(stored[0]).toMatchObject({ version: "2026-11-01", createdAtMs: NOW_MS });
    expect(parsePrice(stored[0]?.price ?? "").prices.input).toBe(2_000_000n);
  });

  test("stores nothing of a file with a fault, and lists every fault with its place", async () => {
    const bad = FILE.replace('"2"', "2").replace(
      '"provider":"local","model":"llama"',
      '"model":"llama"',
    );
    const { code, text, stored } = await runOnFile(pricesImport, bad);
    expect(code).toBe(1);
    expect(stored).toEqual([]);
    expect(text).toContain("2 faults");
    expect(text).toContain("prices[0].input_usd_per_million must be a decimal string");
    expect(text).toContain("prices[1].provider must be");
  });

  test("refuses what is not JSON, or has a key twice, without quoting it", async () => {
    for (const bad of ['{"version": secret}', '{"version":"a","version":"secret"}', ""]) {
      const { code, text, stored } = await runOnFile(pricesImport, bad);
      expect([code, stored]).toEqual([1, []]);
      expect(text).toContain("not valid");
      expect(text).not.toContain("secret");
    }
  });

  test("says why a file cannot be read", async () => {
    const lines: string[] = [];
    const code = await pricesImport({
      file: "prices.json",
      readText: () => Promise.reject(Object.assign(new Error("secret"), { code: "ENOENT" })),
      overrides: overrideStore(),
      priceIdOf: () => null,
      nowMs: NOW_MS,
      print: (line) => lines.push(line),
    });
    expect([code, lines]).toEqual([1, ["The price file cannot be read: there is no such file."]]);
  });
});

const ROW: LedgerRow = {
  id: "row-1",
  timeMs: NOW_MS,
  traceId: "0".repeat(32),
  attempt: 1,
  session: null,
  user: null,
  team: null,
  attribution: "none",
  keyId: "key_1",
  credential: "managed",
  endpoint: "chat",
  dialect: "openai-chat",
  provider: "openai",
  modelRequested: "openai/gpt-4o",
  modelServed: "gpt-4o-2024-08-06",
  stream: false,
  inputTokens: 1_000,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 100,
  reasoningTokens: 0,
  serviceTier: null,
  usageSource: "provider",
  costPicoUsd: 1n,
  priceVersion: "v0",
  unpriced: false,
  latencyMs: 1,
  ttfbMs: 1,
  status: 200,
  upstreamStatus: 200,
  outcome: "ok",
  savedInputTokens: 0,
  savedPicoUsd: 0n,
  finishReason: null,
  contentMode: null,
  callerSpan: null,
  metadata: null,
};
/** 1,000 input at 2.50 and 100 output at 10 USD a million. */
const RIGHT_COST = 3_500_000_000n;

async function runReprice(rows: readonly LedgerRow[], isApplied: boolean, toMs = NOW_MS + 1) {
  const lines: string[] = [];
  const changes: RepriceChange[] = [];
  const unused = () => Promise.reject(new Error("not used by reprice"));
  const newestFirst = [...rows].sort((a, b) => (a.id < b.id ? 1 : -1));
  const ledger: LedgerStore = {
    records: ({ fromMs, toMs: end, limit, beforeId }) =>
      Promise.resolve(
        newestFirst
          .filter((row) => row.timeMs >= fromMs && row.timeMs < end)
          .filter((row) => beforeId === null || row.id < beforeId)
          .slice(0, limit),
      ),
    reprice: (page) => {
      changes.push(...page);
      return Promise.resolve();
    },
    append: unused,
    spend: unused,
    sessions: unused,
    newestId: unused,
    responseProvider: unused,
    issue: unused,
    expire: unused,
    checkWritable: unused,
  };
  const code = await reprice({
    fromMs: NOW_MS,
    toMs,
    isApplied,
    ledger,
    overrides: overrideStore([override("local", "llama", 7n)]),
    priceIdOf: (provider) => (provider === "openai" ? "openai" : null),
    print: (line) => lines.push(line),
  });
  return { code, text: lines.join("\n"), changes };
}

describe("reprice", () => {
  test("shows what it would change, and changes nothing without --apply", async () => {
    const { code, text, changes } = await runReprice([ROW], false);
    expect([code, changes]).toEqual([0, []]);
    expect(text).toContain("openai/gpt-4o-2024-08-06: 1 rows, 0.000000000001 → 0.003500000000 USD");
    expect(text).toContain("Total: 0.000000000001 → 0.003500000000 USD");
    expect(text).toContain("add --apply");
  });

  test("writes the cost of the row's own tokens with --apply", async () => {
    const { changes } = await runReprice([ROW], true);
    expect(changes).toEqual([
      {
        id: "row-1",
        costPicoUsd: RIGHT_COST,
        priceVersion: "genai-prices-0.1.8",
        unpriced: false,
      },
    ]);
  });

  test("prices rows that had no price, by override and by the requested model too", async () => {
    const unpriced = { ...ROW, costPicoUsd: null, priceVersion: null, unpriced: true };
    const { text, changes } = await runReprice(
      [
        { ...unpriced, id: "row-1", provider: "local", modelServed: "llama" },
        { ...unpriced, id: "row-2", modelServed: null },
      ],
      true,
    );
    expect(changes.map(({ id, costPicoUsd }) => [id, costPicoUsd])).toEqual([
      ["row-2", RIGHT_COST],
      ["row-1", 7_700n],
    ]);
    expect(text).toContain("2 with another cost (2 of them had none)");
  });

  test("leaves alone what is right, what was never billed, and what has no price today", async () => {
    const { text, changes } = await runReprice(
      [
        { ...ROW, id: "row-1", costPicoUsd: RIGHT_COST },
        { ...ROW, id: "row-2", provider: null, outcome: "refused", costPicoUsd: 0n },
        { ...ROW, id: "row-3", usageSource: "none", costPicoUsd: 0n },
        { ...ROW, id: "row-4", provider: "local", modelServed: "gone", costPicoUsd: 9n },
      ],
      true,
    );
    expect(changes).toEqual([]);
    expect(text).toContain("4 rows, 0 with another cost (0 of them had none), 1 without a price");
    expect(text).toContain("Total: 0.003500000009 → 0.003500000009 USD");
  });

  test("reads all pages, and only rows within the time range", async () => {
    const rows = Array.from({ length: 2_500 }, (_, at) => ({
      ...ROW,
      id: `row-${String(at).padStart(5, "0")}`,
      timeMs: NOW_MS + (at % 2),
    }));
    expect((await runReprice(rows, true, NOW_MS + 2)).changes.length).toBe(2_500);
    expect((await runReprice(rows, true, NOW_MS + 1)).changes.length).toBe(1_250);
  });

  test("refuses an empty range", async () => {
    expect((await runReprice([ROW], true, NOW_MS)).code).toBe(1);
    expect((await runReprice([ROW], true, Number.NaN)).code).toBe(1);
  });
});
