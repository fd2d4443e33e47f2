import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow } from "../contract/rows.ts";
import { startCheckpoints } from "./checkpoints.ts";
import { closeDatabase, openDatabase } from "./database.ts";
import { createLedger } from "./ledger.ts";
import { createSearches } from "./searches.ts";

describe("checkpoints", () => {
  test("by the thread move the log into the file while rows are written, and lose none", async () => {
    const dir = mkdtempSync(join(tmpdir(), "anyray-checkpoints-"));
    const path = join(dir, "anyray.sqlite");
    const database = openDatabase(path, { sync: "normal" });
    const checkpoints = startCheckpoints(database.client, path);
    const ledger = createLedger(database, createSearches(database, path));
    const spared = () =>
      Number(database.client.prepare("PRAGMA wal_autocheckpoint").values()[0]?.[0]);
    let written = 0;
    const before = Date.now();
    while (spared() === 1_000 && Date.now() - before < 20_000) {
      await Promise.all(Array.from({ length: 64 }, () => ledger.append(makeRow())));
      written += 64;
    }
    expect(spared()).toBeGreaterThan(1_000);
    const fileAtStart = statSync(path).size;
    const until = Date.now() + 1_500;
    while (Date.now() < until) {
      await Promise.all(Array.from({ length: 64 }, () => ledger.append(makeRow())));
      written += 64;
    }
    // Nobody but the thread moved anything since: the writer would have waited for far more.
    expect(statSync(path).size).toBeGreaterThan(fileAtStart);
    await ledger.close();
    await checkpoints.close();
    closeDatabase(database);
    const again = openDatabase(path, { sync: "normal" });
    const [count] = again.client.prepare("SELECT count(*) FROM ledger").values()[0] ?? [];
    expect(Number(count)).toBe(written);
    closeDatabase(again);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);
});
