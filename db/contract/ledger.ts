/** What every `LedgerStore` keeps and gives back: the suite, run on each database. Sums are in `spend.ts`. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type {
  LedgerFilter,
  LedgerRow,
  LedgerStore,
  MetadataValue,
  RecordsQuery,
} from "../store.ts";
import type { Open, Opened } from "./opened.ts";
import { makeBareRow, makeRow, START_MS } from "./rows.ts";

const EVERYTHING: RecordsQuery = {
  fromMs: 0,
  toMs: Number.MAX_SAFE_INTEGER,
  where: {},
  limit: 1000,
  beforeId: null,
};

export function describeLedger(database: string, open: Open): void {
  describe(`the ledger on ${database}`, () => {
    let opened: Opened;
    let ledger: LedgerStore;
    beforeEach(async () => {
      opened = await open();
      ledger = opened.store.ledger;
    });
    afterEach(() => opened.remove());

    const all = () => ledger.records(EVERYTHING);
    const append = (rows: readonly LedgerRow[]) =>
      Promise.all(rows.map((row) => ledger.append(row)));

    test("gives back a row member by member", async () => {
      const rows = [makeRow(), makeBareRow()];
      await append(rows);
      expect(await all()).toEqual(rows.toReversed());
    });

    test("keeps an amount exactly, up to the largest", async () => {
      const amounts = [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n];
      const rows = amounts.map((amount) => makeRow({ costPicoUsd: amount, savedPicoUsd: amount }));
      await append(rows);
      const kept = (await all()).toReversed();
      expect(kept.map((row) => row.costPicoUsd)).toEqual(amounts);
      expect(kept.map((row) => row.savedPicoUsd)).toEqual(amounts);
    });

    test("keeps the first row of an attempt, and takes the second without complaint", async () => {
      const first = makeRow();
      const { traceId, attempt } = first;
      await ledger.append(first);
      await ledger.append(makeRow({ traceId, attempt, outcome: "crashed" }));
      await append([makeRow({ traceId, attempt }), makeRow({ traceId, attempt })]);
      expect(await all()).toEqual([first]);
    });

    test("keeps every attempt of a trace", async () => {
      const first = makeRow();
      await append([first, makeRow({ traceId: first.traceId, attempt: 2 })]);
      expect((await all()).map((row) => row.attempt)).toEqual([2, 1]);
    });

    test("rejects a second use of a row's id, since that row would be lost", async () => {
      const { id } = makeRow();
      await ledger.append(makeRow({ id }));
      await expect(ledger.append(makeRow({ id }))).rejects.toThrow();
    });

    test("rejects a row that it can't keep, and keeps those appended beside it", async () => {
      const good = [makeRow(), makeRow(), makeRow()];
      const bad = [
        makeRow({ outcome: "sunny" }),
        makeRow({ user: "tell me a story about five cats" }),
        makeRow({ inputTokens: 1, cachedInputTokens: 2 }),
        makeRow({ traceId: "not an id" }),
      ];
      const rows = [...good.slice(0, 1), ...bad.slice(0, 2), ...good.slice(1), ...bad.slice(2)];
      const settled = await Promise.allSettled(rows.map((row) => ledger.append(row)));
      const rejected = rows.filter((_, at) => settled[at]?.status === "rejected");
      expect(rejected).toEqual(bad);
      expect(await all()).toEqual(good.toReversed());
    });

    test("keeps all of many rows that are appended at once", async () => {
      const rows = Array.from({ length: 700 }, () => makeRow());
      await append(rows);
      expect((await all()).map((row) => row.id)).toEqual(rows.map((row) => row.id).toReversed());
    });

    test("takes a range of time from its first millisecond to before its last", async () => {
      const times = [START_MS - 1, START_MS, START_MS + 999, START_MS + 1000];
      await append(times.map((timeMs) => makeRow({ timeMs })));
      const found = await ledger.records({
        ...EVERYTHING,
        fromMs: START_MS,
        toMs: START_MS + 1000,
      });
      expect(found.map((row) => row.timeMs)).toEqual([START_MS + 999, START_MS]);
    });

    test("pages from the newest to the oldest without a gap or a repetition", async () => {
      const rows = Array.from({ length: 53 }, () => makeRow());
      await append(rows);
      const seen: string[] = [];
      for (let beforeId: string | null = null; ;) {
        const page: readonly LedgerRow[] = await ledger.records({
          ...EVERYTHING,
          limit: 7,
          beforeId,
        });
        if (page.length === 0) break;
        seen.push(...page.map((row) => row.id));
        // A row that comes while one turns the pages is newer than all of them.
        await ledger.append(makeRow());
        beforeId = seen.at(-1) ?? null;
      }
      expect(seen).toEqual(rows.map((row) => row.id).toReversed());
    });

    test("filters by each of its columns, by the model, and by what is missing", async () => {
      const plain = makeRow({ stream: false });
      await ledger.append(plain);
      const others: Readonly<
        Record<
          LedgerFilter | "model" | MetadataValue,
          readonly [Partial<LedgerRow>, string | number | boolean]
        >
      > = {
        user: [{ user: "other" }, "other"],
        team: [{ team: "other" }, "other"],
        session: [{ session: "other" }, "other"],
        key_id: [{ keyId: "key_other" }, "key_other"],
        credential: [{ credential: "passthrough" }, "passthrough"],
        attribution: [{ attribution: "header" }, "header"],
        provider: [{ provider: "other" }, "other"],
        model_requested: [{ modelRequested: "other" }, "other"],
        model_served: [{ modelServed: "other-served" }, "other-served"],
        model: [{ modelServed: null, modelRequested: "other-model" }, "other-model"],
        endpoint: [{ endpoint: "messages" }, "messages"],
        dialect: [{ dialect: "anthropic-messages" }, "anthropic-messages"],
        outcome: [{ outcome: "cut" }, "cut"],
        status: [{ status: 502 }, 502],
        usage_source: [{ usageSource: "estimated" }, "estimated"],
        trace_id: [{ traceId: "f".repeat(11).padEnd(32, "0") }, "f".repeat(11).padEnd(32, "0")],
        stream: [{ stream: true }, true],
        unpriced: [{ unpriced: true, costPicoUsd: null }, true],
        "metadata.cost-centre": [{ metadata: '{"cost-centre":"4711"}' }, "4711"],
      };
      for (const [name, [members, value]] of Object.entries(others)) {
        const timeMs = name === "trace_id" ? Number.parseInt("f".repeat(11) + "0", 16) : START_MS;
        const row = makeRow({ stream: false, timeMs, ...members });
        await ledger.append(row);
        const found = await ledger.records({ ...EVERYTHING, where: { [name]: value } });
        expect([name, found.map((each) => each.id)]).toEqual([name, [row.id]]);
      }
      const bare = makeBareRow();
      await ledger.append(bare);
      const missing = ["user", "team", "session", "provider", "model", "status"] as const;
      for (const name of missing) {
        const found = await ledger.records({ ...EVERYTHING, where: { [name]: null } });
        expect([name, found.map((each) => each.id)]).toEqual([name, [bare.id]]);
      }
      const both = await ledger.records({ ...EVERYTHING, where: { user: "other", status: 502 } });
      expect(both).toEqual([]);
    });

    test("rewrites costs, and nothing else", async () => {
      const rows = [makeRow(), makeBareRow(), makeRow()];
      await append(rows);
      const [priced, unpriced, untouched] = rows.map((row) => row.id);
      const changes = [
        { id: priced ?? "", costPicoUsd: null, priceVersion: null, unpriced: true },
        { id: unpriced ?? "", costPicoUsd: 2n ** 60n, priceVersion: "v2", unpriced: false },
      ];
      await ledger.reprice(changes);
      const expected = rows.map((row) => ({
        ...row,
        ...changes.find((change) => change.id === row.id),
      }));
      expect(await all()).toEqual(expected.toReversed());
      expect((await all())[0]?.id).toBe(untouched ?? "");
    });

    test("rewrites all costs or none", async () => {
      const row = makeRow();
      await ledger.append(row);
      const change = { id: row.id, costPicoUsd: 1n, priceVersion: "v2", unpriced: false };
      const impossible = { ...change, priceVersion: "what a very long and wordy version" };
      await expect(ledger.reprice([change, impossible])).rejects.toThrow();
      expect(await all()).toEqual([row]);
    });

    test("remembers who issued a response, for the key that it was issued to", async () => {
      const row = makeRow({ provider: "maker" });
      await ledger.append(row, "resp_1");
      await ledger.append(makeRow());
      expect(await ledger.responseProvider("resp_1", row.keyId)).toBe("maker");
      expect(await ledger.responseProvider("resp_1", "key_other")).toBeNull();
      expect(await ledger.responseProvider("resp_2", row.keyId)).toBeNull();
    });

    test("remembers files and batches for the key that they were made for, each once", async () => {
      const issued = { keyId: "key_1", provider: "maker", timeMs: START_MS };
      await ledger.issue({ ...issued, ids: ["batch_1", "file-2"] });
      await ledger.issue({ ...issued, ids: ["file-2", "file-3"], provider: "other" });
      await ledger.issue({ ...issued, ids: [] });
      const found = await Promise.all(
        ["batch_1", "file-2", "file-3", "file-4"].map((id) => ledger.responseProvider(id, "key_1")),
      );
      expect(found).toEqual(["maker", "maker", "other", null]);
      expect(await ledger.responseProvider("file-2", "key_2")).toBeNull();
      await expect(
        ledger.issue({ ...issued, ids: ["tell me a story about cats"] }),
      ).rejects.toThrow();
    });

    test("can say that it is writable", async () => {
      const row = makeRow();
      await ledger.append(row);
      await ledger.checkWritable();
      expect(await all()).toEqual([row]);
    });
  });
}
