/** What only SQLite can get wrong: a full disk, a lock held elsewhere, the commit that rows share. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOther } from "../contract/other-process.ts";
import { makeRow } from "../contract/rows.ts";
import type { LedgerRow } from "../store.ts";
import { openDatabase, type SqliteDatabase } from "./database.ts";
import { createKeys } from "./keys.ts";
import { createLedger, type SqliteLedger } from "./ledger.ts";
import { createSearches } from "./searches.ts";

let dir: string;
let database: SqliteDatabase;
let ledger: SqliteLedger;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anyray-sqlite-"));
  const path = join(dir, "anyray.sqlite");
  database = openDatabase(path, { sync: "normal" });
  ledger = createLedger(database, createSearches(database, path));
});
afterEach(() => {
  database.client.close();
  rmSync(dir, { recursive: true, force: true });
});

const number = (sql: string): number => Number(database.client.prepare(sql).values()[0]?.[0]);
const countRows = () => number("SELECT count(*) FROM ledger");
const append = (count: number): Promise<PromiseSettledResult<void>[]> =>
  Promise.allSettled(Array.from({ length: count }, () => ledger.append(makeRow())));

/** From here on the file can't grow. */
function fillDisk(): void {
  number(`PRAGMA max_page_count = ${number("PRAGMA page_count")}`);
}

describe("a full disk", () => {
  test("rejects rows, loses none that it took, and takes them again when there is space", async () => {
    fillDisk();
    let taken = 0;
    const lost: LedgerRow[] = [];
    for (let at = 0; at < 200; at++) {
      const row = makeRow();
      await ledger.append(row).then(
        () => (taken += 1),
        () => lost.push(row),
      );
    }
    expect(lost.length).toBeGreaterThan(0);
    expect(countRows()).toBe(taken);
    number("PRAGMA max_page_count = 1000000");
    await Promise.all(lost.map((row) => ledger.append(row)));
    expect(countRows()).toBe(200);
  });

  test("takes the rows of a commit all or none", async () => {
    fillDisk();
    const settled = await append(200);
    expect(new Set(settled.map((each) => each.status))).toEqual(new Set(["rejected"]));
    expect(countRows()).toBe(0);
  });
});

describe("a file that can't be written", () => {
  test("rejects rows, and says so when it is asked", async () => {
    database.client.exec("PRAGMA query_only = ON");
    await expect(ledger.append(makeRow())).rejects.toThrow();
    await expect(ledger.checkWritable()).rejects.toThrow();
    database.client.exec("PRAGMA query_only = OFF");
    await ledger.append(makeRow());
    await ledger.checkWritable();
    expect(countRows()).toBe(1);
  });
});

describe("a write lock that another process holds", () => {
  test("makes rows wait, and holds up nothing else", async () => {
    const other = startOther("busy", dir, "600");
    await other.firstLine;
    let isWaiting = true;
    const appended = append(20).finally(() => {
      isWaiting = false;
    });
    const created = createKeys(database).create({
      id: "key_1",
      secretHash: "a".repeat(64),
      display: "abc123",
      name: null,
      user: null,
      team: null,
      metadata: null,
      passthrough: null,
      models: null,
      createdAtMs: 1,
      expiresAtMs: null,
      revokedAtMs: null,
      description: null,
      endpoints: null,
      previousHash: null,
      previousUntilMs: null,
    });
    let longestMs = 0;
    let turns = 0;
    for (let last = performance.now(); isWaiting; turns++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = performance.now();
      longestMs = Math.max(longestMs, now - last);
      last = now;
    }
    await Promise.all([created, other.ended]);
    expect((await appended).filter((each) => each.status === "rejected")).toEqual([]);
    expect(countRows()).toBe(20);
    expect(turns).toBeGreaterThan(10);
    // A blocking wait would take all of the 600 ms at once.
    expect(longestMs).toBeLessThan(300);
  });
});

describe("the commit", () => {
  test("is shared by rows that are appended together", async () => {
    const commitsOf = async (work: () => Promise<unknown>): Promise<number> => {
      number("PRAGMA wal_checkpoint(TRUNCATE)");
      await work();
      // Each commit writes the page at the tree's end once more: frames of the log count commits.
      return Number(database.client.prepare("PRAGMA wal_checkpoint(PASSIVE)").values()[0]?.[1]);
    };
    const together = await commitsOf(() => append(50));
    const apart = await commitsOf(async () => {
      for (let at = 0; at < 50; at++) await ledger.append(makeRow());
    });
    expect(together).toBeLessThan(apart / 3);
  });

  test("does not keep a lone row waiting for others", async () => {
    let turns = 0;
    let isCommitted = false;
    void ledger.append(makeRow()).then(() => {
      isCommitted = true;
    });
    while (!isCommitted && turns < 20) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    expect(turns).toBeLessThan(5);
  });

  test("rejects an amount that 64 bits can't hold, instead of keeping another one", async () => {
    await expect(ledger.append(makeRow({ costPicoUsd: 2n ** 63n }))).rejects.toThrow();
    await expect(ledger.append(makeRow({ savedPicoUsd: 2n ** 64n + 5n }))).rejects.toThrow();
    expect(countRows()).toBe(0);
  });
});
