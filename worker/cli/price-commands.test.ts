import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, openStoreForTool } from "../../db/open.ts";
import { PRICES_SETTING } from "../price-changes.ts";
import { runPrices } from "./price-commands.ts";
import { createTerminal } from "./terminal.ts";

test("anyray prices import stands in the audit log, and is counted as a change like any other", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-prices-"));
  const file = join(dataDir, "prices.json");
  const usd = { input_usd_per_million: "1", output_usd_per_million: "2" };
  const price = { provider: "local", model: "m", ...usd };
  writeFileSync(file, JSON.stringify({ version: "2026-11", prices: [price] }));
  const store = await openStore({ dataDir, ledgerSync: "normal" });
  try {
    let stdout = "";
    const tools = {
      terminal: createTerminal({ write: (text) => (stdout += text) }, { write: () => true }, {}),
      openStore: () => openStoreForTool({ dataDir, ledgerSync: "normal" }),
      now: () => 1_000,
      loadPriceIds: () => () => null,
    };
    expect(await runPrices(["import", file], tools)).toBe(0);
    expect(stdout).toContain("1 prices stored");
    expect(await store.prices.list()).toMatchObject([{ provider: "local", version: "2026-11" }]);
    expect(await store.audit.after(0, 10)).toMatchObject([
      {
        actor: "cli",
        action: "price.import",
        target: "2026-11",
        after: '{"prices":1,"version":"2026-11"}',
      },
    ]);
    expect((await store.settings.get(PRICES_SETTING))?.version).toBe(1);
    expect(await runPrices(["diff", file], tools)).toBe(0);
    expect((await store.audit.head()).seq).toBe(1);
  } finally {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
