/** What every `LedgerStore` knows of sessions, against the rows themselves. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { LedgerRow, LedgerStore, SessionsQuery } from "../store.ts";
import type { Open, Opened } from "./opened.ts";
import { makeRow, START_MS } from "./rows.ts";

const RANGE: SessionsQuery = {
  fromMs: START_MS,
  toMs: START_MS + 86_400_000,
  limit: 1000,
  before: null,
};

export function describeSessions(database: string, open: Open): void {
  describe(`sessions on ${database}`, () => {
    let opened: Opened;
    let ledger: LedgerStore;
    beforeEach(async () => {
      opened = await open();
      ledger = opened.store.ledger;
    });
    afterEach(() => opened.remove());

    const append = (rows: readonly Partial<LedgerRow>[]) =>
      Promise.all(rows.map((row) => ledger.append(makeRow(row))));
    const names = async (query: Partial<SessionsQuery> = {}) =>
      (await ledger.sessions({ ...RANGE, ...query })).map(({ session }) => session);

    test("are those of the range, the one with the newest request first, each with the sums of its rows there", async () => {
      expect(await names()).toEqual([]);
      await append([
        { session: "a", timeMs: START_MS, inputTokens: 5, costPicoUsd: 2n ** 62n },
        { session: "b", timeMs: START_MS + 1, inputTokens: 7 },
        { session: "a", timeMs: START_MS + 2, inputTokens: 11, costPicoUsd: 2n ** 62n },
        { session: null, timeMs: START_MS + 3 },
        { session: "a", timeMs: RANGE.toMs, inputTokens: 1_000 },
        { session: "old", timeMs: START_MS - 1 },
      ]);
      expect(await names()).toEqual([null, "a", "b"]);
      const [, a] = await ledger.sessions(RANGE);
      expect(a).toMatchObject({
        lastMs: START_MS + 2,
        rows: 2,
        inputTokens: 16,
        costPicoUsd: 2n ** 63n,
      });
      expect(await names({ limit: 2 })).toEqual([null, "a"]);
    });

    test("come page by page, each once, also of those that ended at the same time", async () => {
      await append(
        Array.from({ length: 40 }, (_, n) => ({
          session: n % 10 === 9 ? null : `s-${n % 10}`,
          timeMs: START_MS + Math.floor((n % 10) / 4),
        })),
      );
      const whole = await names();
      const [first, second] = [
        ["s-8", null],
        ["s-7", "s-6", "s-5", "s-4"],
      ];
      expect(whole).toEqual([...first, ...second, "s-3", "s-2", "s-1", "s-0"]);
      const paged: (string | null)[] = [];
      let before: SessionsQuery["before"] = null;
      for (let page = 0; page < 10; page++) {
        const rows = await ledger.sessions({ ...RANGE, limit: 3, before });
        paged.push(...rows.map(({ session }) => session));
        before = rows.at(-1) ?? null;
        if (rows.length < 3) break;
      }
      expect(paged).toEqual([...whole]);
    });
  });
}
