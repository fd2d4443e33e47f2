import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow } from "../contract/rows.ts";
import { startCheckpoints } from "./checkpoints.ts";
import { closeDatabase, openDatabase, openForReading } from "./database.ts";
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

  test("beside a long search never hold up a row until the search ends", async () => {
    const dir = mkdtempSync(join(tmpdir(), "anyray-checkpoints-"));
    const path = join(dir, "anyray.sqlite");
    const database = openDatabase(path, { sync: "normal" });
    // Every look at the log wants it to begin anew, which a reader forbids.
    const checkpoints = startCheckpoints(database.client, path, 1);
    const ledger = createLedger(database, createSearches(database, path));
    const search = openForReading(path);
    await ledger.append(makeRow());
    search.client.exec("BEGIN");
    search.client.prepare("SELECT count(*) FROM ledger").values();
    while (statSync(`${path}-wal`).size < 3 * 1024 * 1024) {
      await Promise.all(Array.from({ length: 200 }, () => ledger.append(makeRow())));
    }
    let longestMs = 0;
    const until = Date.now() + 3_000;
    while (Date.now() < until) {
      const before = performance.now();
      await ledger.append(makeRow());
      longestMs = Math.max(longestMs, performance.now() - before);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const spared = database.client.prepare("PRAGMA wal_autocheckpoint").values()[0]?.[0];
    search.client.exec("ROLLBACK");
    search.client.close();
    await ledger.close();
    await checkpoints.close();
    closeDatabase(database);
    rmSync(dir, { recursive: true, force: true });
    // The thread was at work.
    expect(Number(spared)).toBeGreaterThan(1_000);
    expect(longestMs).toBeLessThan(1_000);
  }, 60_000);

  test("end their thread in order, so that closing waits for no limit", async () => {
    const dir = mkdtempSync(join(tmpdir(), "anyray-checkpoints-"));
    const path = join(dir, "anyray.sqlite");
    const database = openDatabase(path, { sync: "normal" });
    const checkpoints = startCheckpoints(database.client, path);
    const ledger = createLedger(database, createSearches(database, path));
    while (statSync(`${path}-wal`).size < 3 * 1024 * 1024) {
      await Promise.all(Array.from({ length: 200 }, () => ledger.append(makeRow())));
    }
    // Long enough for the thread to be started and to have opened the file.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await ledger.close();
    const before = performance.now();
    expect(await checkpoints.close()).toBe(true);
    expect(performance.now() - before).toBeLessThan(900);
    closeDatabase(database);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);
});
