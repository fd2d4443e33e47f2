/** One gateway a data directory, commands beside it, and what is left after a sudden end. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOther, type OtherProcess } from "./contract/other-process.ts";
import { makeRow } from "./contract/rows.ts";
import { openStore, openStoreForTool, type StoreOptions } from "./open.ts";
import { openDatabase } from "./sqlite/database.ts";
import type { Store } from "./store.ts";

const EVERYTHING = {
  fromMs: 0,
  toMs: Number.MAX_SAFE_INTEGER,
  where: {},
  limit: 1000,
  beforeId: null,
} as const;

let parent: string;
let options: StoreOptions;
let stores: Store[];
let others: OtherProcess[];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "anyray-open-"));
  options = { dataDir: join(parent, "a", "data"), ledgerSync: "normal" };
  stores = [];
  others = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  for (const other of others) await other.kill();
  rmSync(parent, { recursive: true, force: true });
});

async function open(how: (options: StoreOptions) => Promise<Store> = openStore): Promise<Store> {
  const store = await how(options);
  stores.push(store);
  return store;
}

async function close(store: Store): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.close();
}

function other(command: string, argument = ""): OtherProcess {
  const started = startOther(command, options.dataDir, argument);
  others.push(started);
  return started;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("a data directory", () => {
  test("and all files in it are made for their owner alone", async () => {
    const store = await open();
    await store.ledger.append(makeRow());
    expect(modeOf(options.dataDir)).toBe(0o700);
    for (const name of [
      "anyray.sqlite",
      "anyray.sqlite-wal",
      "anyray.sqlite-shm",
      "gateway.lock",
    ]) {
      expect([name, modeOf(join(options.dataDir, name))]).toEqual([name, 0o600]);
    }
  });

  test("belongs to one gateway of this process at a time", async () => {
    const first = await open();
    await expect(openStore(options)).rejects.toThrow("in use by another gateway");
    await close(first);
    await open();
  });

  test("belongs to one gateway process at a time, and is free again after kill -9", async () => {
    const holder = other("hold");
    expect(await holder.firstLine).toBe("open");
    await expect(openStore(options)).rejects.toThrow("in use by another gateway");
    await holder.kill();
    await open();
    expect(await other("hold").ended).not.toBe(0);
  });

  test("lets commands in beside a gateway, which sees what they did", async () => {
    const gateway = await open();
    const tool = await open(openStoreForTool);
    await tool.prices.put([
      { provider: "p", model: "m", price: "{}", version: "v", createdAtMs: 1 },
    ]);
    expect(await gateway.prices.list()).toHaveLength(1);
    await close(tool);
    await gateway.ledger.append(makeRow());
    expect(await other("tool").ended).toBe(0);
  });

  test("does not let a command send, nor read the journal of a gateway that lives", async () => {
    const gateway = await open();
    const { modelServed: _, ...row } = makeRow();
    const attempt = { ...row, provider: "demo", modelUpstream: "small" };
    gateway.journal.open(attempt);
    const tool = await open(openStoreForTool);
    expect(() => tool.journal.open(attempt)).toThrow();
    expect((await tool.journal.recover()).attempts).toEqual([]);
  });

  test("is set up once, however many processes are the first", async () => {
    const tools = Array.from({ length: 4 }, () => other("tool"));
    expect(await Promise.all(tools.map((tool) => tool.ended))).toEqual([0, 0, 0, 0]);
  });

  test("of a newer version is left alone", async () => {
    await close(await open());
    const path = join(options.dataDir, "anyray.sqlite");
    const { client } = openDatabase(path, { sync: "normal" });
    client.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)");
    client.close();
    await expect(openStore(options)).rejects.toThrow("newer version");
    // The failed start must not hold the directory.
    await expect(openStore(options)).rejects.toThrow("newer version");
  });

  test("with something else in the database's place is refused", async () => {
    await close(await open());
    writeFileSync(join(options.dataDir, "anyray.sqlite"), "this is no database".repeat(100));
    await expect(openStore(options)).rejects.toThrow();
    expect(existsSync(join(options.dataDir, "anyray.sqlite"))).toBe(true);
  });
});

describe("after kill -9", () => {
  test("every row that was said to be committed is there", async () => {
    const writer = other("append");
    await writer.firstLine;
    await new Promise((resolve) => setTimeout(resolve, 150));
    await writer.kill();
    const said = writer.lines();
    const store = await open();
    const kept = new Set<string>();
    for (let beforeId: string | null = null; ;) {
      const page: readonly { readonly id: string }[] = await store.ledger.records({
        ...EVERYTHING,
        beforeId,
      });
      for (const row of page) kept.add(row.id);
      beforeId = page.at(-1)?.id ?? null;
      if (beforeId === null) break;
    }
    expect(said.length).toBeGreaterThan(10);
    expect(said.filter((id) => !kept.has(id))).toEqual([]);
  });

  test("an attempt that was open is given to the next gateway", async () => {
    const sender = other("attempt");
    const traceId = await sender.firstLine;
    await sender.kill();
    const store = await open();
    const { attempts, done } = await store.journal.recover();
    expect(attempts.map((attempt) => attempt.traceId)).toEqual([traceId]);
    await done();
  });
});

describe("closing", () => {
  test("commits what is still pending", async () => {
    const store = await open();
    const row = makeRow();
    const appended = store.ledger.append(row);
    await close(store);
    await appended;
    expect(await (await open()).ledger.records(EVERYTHING)).toEqual([row]);
  });

  test("leaves rows to reject that come too late", async () => {
    const store = await open();
    await close(store);
    await expect(store.ledger.append(makeRow())).rejects.toThrow();
  });
});
