/** From the local ledger to Postgres: whatever dies at whatever step, every row is there once, with what belongs to it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPostgresThere, startPostgres, type Postgres } from "../contract/postgres.ts";
import { makeRow } from "../contract/rows.ts";
import { openStore } from "../open.ts";
import {
  closeDatabase,
  openDatabase as openFile,
  type SqliteDatabase,
} from "../sqlite/database.ts";
import { createLedger as createFileLedger } from "../sqlite/ledger.ts";
import { createSearches } from "../sqlite/searches.ts";
import { createLocalRows, openShipping, type Shipping } from "../sqlite/shipping.ts";
import { openTail } from "../sqlite/tail.ts";
import { StoreUnavailable, type DatabaseOptions, type LedgerStore, type Store } from "../store.ts";
import { createAppender, type Appender } from "./append.ts";
import { openDatabase, type PgDatabase } from "./database.ts";
import { createLedger } from "./ledger.ts";
import { createLocalFirst } from "./local-first.ts";
import { createPartitions } from "./partitions.ts";
import { createShipper, type Shipper } from "./shipper.ts";

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, where: {}, limit: 1000, beforeId: null };
const CHARGE = { capId: "cap_1", subject: "ann", windowStartMs: 1, amount: 7n };

describe.skipIf(!isPostgresThere)("the shipper", () => {
  let postgres: Postgres;
  let options: DatabaseOptions;
  let dir: string;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "anyray-shipper-"));
    options = await postgres.create();
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const there = (query: string) => postgres.psql(options.database, query);
  const usedThere = () => there(`select coalesce(sum(used), 0) from cap_usage`);
  const idsThere = () => there(`select id from ledger order by id`).split("\n").filter(Boolean);

  describe("with a step that fails", () => {
    let file: SqliteDatabase;
    let local: ReturnType<typeof createFileLedger>;
    let shipping: Shipping;
    let database: PgDatabase;
    let real: Appender;
    let shipper: Shipper | null;
    beforeEach(async () => {
      const path = join(dir, "anyray.sqlite");
      file = openFile(path, { sync: "normal" });
      local = createFileLedger(file, createSearches(file, path, Infinity));
      shipping = openShipping(join(dir, "shipping.sqlite"), "normal");
      database = await openDatabase(options);
      real = createAppender(database, createPartitions(database));
      shipper = null;
    });
    afterEach(async () => {
      await shipper?.close(0);
      await local.close();
      shipping.close();
      closeDatabase(file);
      await database.close();
    });

    function start(appender: Appender = real, place: Shipping = shipping): LedgerStore {
      const started = createShipper({
        tail: openTail(join(dir, "anyray.sqlite")),
        local: createLocalRows(file),
        shipping: place,
        appender,
        now: Date.now,
        readByOthers: async () => null,
      });
      shipper = started;
      return createLocalFirst({
        local: { ledger: local, rows: createLocalRows(file), shipping },
        remote: createLedger(database, real),
        shipper: started,
        charging: () => undefined,
        freshMs: 2_000,
      });
    }

    test("sends again what may not have arrived, and what did arrive counts once", async () => {
      let step = 0;
      const ledger = start({
        async append(parcels) {
          step += 1;
          if (step === 1) throw new StoreUnavailable();
          const refused = await real.append(parcels);
          // The connection breaks after the commit, before its answer.
          if (step === 2) throw new StoreUnavailable();
          return refused;
        },
      });
      const rows = Array.from({ length: 30 }, () => makeRow());
      await Promise.all(rows.map((row, n) => ledger.append(row, `resp_${n}`, [CHARGE])));
      await until(() => shipper?.waitingRows === 0);
      expect(step).toBeGreaterThanOrEqual(3);
      expect(idsThere()).toEqual(rows.map(({ id }) => id));
      expect(usedThere()).toBe("210");
      expect(there(`select count(*) from issued_response`)).toBe("30");
    });

    test("that dies before its place is moved on ships twice, which counts once", async () => {
      const rows = Array.from({ length: 5 }, () => makeRow());
      const dying = start(real, {
        ...shipping,
        get place() {
          return shipping.place;
        },
        refusedRows: 0,
        advance: () => {
          throw new Error("killed");
        },
      });
      await Promise.all(rows.map((row) => dying.append(row, undefined, [CHARGE])));
      await until(() => usedThere() === "35");
      await shipper?.close(0);
      expect(shipping.place).toBe("");
      // The next process.
      const ledger = start();
      expect(shipper?.waitingRows).toBe(5);
      expect(await ledger.records(ALL)).toEqual(rows.toReversed());
      expect([usedThere(), shipper?.waitingRows]).toEqual(["35", 0]);
    });

    test("finds rows and what goes with them where the process died before anything was shipped", async () => {
      const row = makeRow();
      shipping.hold([{ row, responseId: "resp_1", charges: [CHARGE] }]);
      await local.append(row);
      // Held for a row that never came, since the process died in between.
      shipping.hold([{ row: makeRow(), responseId: null, charges: [CHARGE] }]);
      const ledger = start();
      expect(await ledger.records(ALL)).toEqual([row]);
      expect(usedThere()).toBe("7");
      expect(await ledger.responseProvider("resp_1", row.keyId)).toBe("demo");
    });

    test("charges a row that was made anew after a crash with its own amount", async () => {
      const row = makeRow();
      shipping.hold([{ row, responseId: null, charges: [CHARGE] }]);
      const ledger = start();
      await ledger.append(makeRow({ traceId: row.traceId }), undefined, [
        { ...CHARGE, amount: 2n },
      ]);
      await ledger.records(ALL);
      expect(usedThere()).toBe("2");
    });

    test("charges a row that was there before the crash with what it did cost", async () => {
      const row = makeRow();
      shipping.hold([{ row, responseId: null, charges: [CHARGE] }]);
      await local.append(row);
      const ledger = start({ append: () => Promise.reject(new StoreUnavailable()) });
      // The journal had not heard of its end.
      await ledger.append(makeRow({ traceId: row.traceId, outcome: "crashed" }), undefined, [
        { ...CHARGE, amount: 900n },
      ]);
      await shipper?.close(0);
      expect(await start().records(ALL)).toEqual([row]);
      expect(usedThere()).toBe("7");
    });

    test("sets a row aside that Postgres refuses for good, and goes on", async () => {
      there(`alter table ledger add constraint odd check ("user" is distinct from 'odd')`);
      const ledger = start();
      const rows = [makeRow(), makeRow({ user: "odd" }), makeRow()];
      await Promise.all(rows.map((row) => ledger.append(row)));
      await until(() => shipper?.waitingRows === 0);
      expect(idsThere()).toEqual([rows[0]?.id ?? "", rows[2]?.id ?? ""]);
      expect(shipping.refusedRows).toBe(1);
      expect((await local.records(ALL)).map(({ user }) => user)).toContain("odd");
    });

    test("keeps local rows for a day, and as long as somebody else has yet to read them", async () => {
      const rows = createLocalRows(file);
      const old = Array.from({ length: 4 }, (_, n) =>
        makeRow({ id: `01000000-0000-7000-8000-00000000000${n}` }),
      );
      const young = makeRow();
      for (const row of [...old, young]) await local.append(row);
      const read = old[1]?.id ?? "";
      expect(rows.prune(read, Date.now(), 1)).toBe(1);
      expect(rows.prune(read, Date.now(), 10)).toBe(1);
      expect(rows.prune(young.id, Date.now(), 10)).toBe(2);
      expect(rows.prune(young.id, Date.now(), 10)).toBe(0);
      expect(await local.records(ALL)).toEqual([young]);
    });
  });

  test("loses nothing while Postgres goes and comes back, and says 503 to who asks meanwhile", async () => {
    const store: Store = await openStore({ dataDir: dir, ledgerSync: "normal", database: options });
    const rows = [makeRow()];
    const append = async (count: number): Promise<void> => {
      const more = Array.from({ length: count }, () => makeRow());
      rows.push(...more);
      await Promise.all(more.map((row) => store.ledger.append(row, undefined, [CHARGE])));
    };
    try {
      await store.ledger.append(rows[0] ?? makeRow(), undefined, [CHARGE]);
      expect(await store.ledger.records(ALL)).toHaveLength(1);
      for (const how of ["kill", "stop"] as const) {
        await append(300);
        await postgres[how]();
        await append(300);
        const asked = performance.now();
        await expect(store.ledger.records(ALL)).rejects.toBeInstanceOf(StoreUnavailable);
        await expect(store.admin.accounts()).rejects.toBeInstanceOf(StoreUnavailable);
        expect(performance.now() - asked).toBeLessThan(1_000);
        expect(store.shared?.state).toBe("away");
        expect(store.shared?.waitingRows).toBeGreaterThanOrEqual(300);
        // What requests need is there.
        await store.ledger.checkWritable();
        expect(await store.keys.findByHash("ab".repeat(32))).toBeNull();
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await postgres.start();
        await append(10);
        await until(() => store.shared?.waitingRows === 0);
        expect(store.shared?.state).toBe("ok");
      }
      expect(idsThere()).toEqual(rows.map(({ id }) => id));
      expect(usedThere()).toBe(String(rows.length * 7));
      expect(await store.ledger.newestId()).toBe(rows.at(-1)?.id ?? null);
    } finally {
      await store.close();
    }
  });

  test("ships after a restart what an earlier process could not", async () => {
    const opened = { dataDir: dir, ledgerSync: "normal", database: options } as const;
    const first = await openStore(opened);
    await postgres.stop();
    const rows = Array.from({ length: 20 }, () => makeRow());
    await Promise.all(rows.map((row) => first.ledger.append(row, undefined, [CHARGE])));
    await first.close();
    // A gateway that never saw the database has nothing to go on with.
    const stranger = { ...opened, dataDir: join(dir, "stranger") };
    await expect(openStore(stranger)).rejects.toBeInstanceOf(StoreUnavailable);
    const between = await openStore(opened);
    rows.push(makeRow());
    await between.ledger.append(rows.at(-1) ?? makeRow(), undefined, [CHARGE]);
    expect(between.shared?.state).toBe("away");
    await between.close();
    await postgres.start();
    const second = await openStore(opened);
    expect(await second.ledger.records(ALL)).toEqual(rows.toReversed());
    expect(usedThere()).toBe("147");
    await second.close();
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 500; n++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited in vain");
}
