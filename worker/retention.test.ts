import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow } from "../db/contract/rows.ts";
import { openStore } from "../db/open.ts";
import { startRetention } from "./retention.ts";
import { createLog } from "./telemetry/log.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 24);
const dir = mkdtempSync(join(tmpdir(), "anyray-retention-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the ledger's retention", () => {
  test("deletes what is older than is kept, whole requests, in batches; and nothing where it is kept for ever", async () => {
    const store = await openStore({ dataDir: dir, ledgerSync: "normal" });
    const rows = Array.from({ length: 450 }, (_, n) =>
      makeRow({ timeMs: NOW - (n < 350 ? 40 : 20) * DAY_MS + n }),
    );
    await Promise.all(rows.map((row) => store.ledger.append(row, n(row.traceId))));
    const lines: string[] = [];
    const log = createLog("info", Date.now, (line) => lines.push(line));
    const parts = { ledger: store.ledger, admin: store.admin, now: () => NOW, log };
    const forever = startRetention({
      ...parts,
      keep: () => ({ ledgerMs: null, sessionsMs: null }),
    });
    expect(await forever.run()).toBe(0);
    forever.close();
    const batches: number[] = [];
    const counted = {
      expire: async (beforeMs: number, limit: number) => {
        const expired = await store.ledger.expire(beforeMs, limit);
        batches.push(expired);
        return expired;
      },
    };
    const monthly = startRetention({
      ...parts,
      ledger: counted,
      keep: () => ({ ledgerMs: 30 * DAY_MS, sessionsMs: null }),
    });
    while (batches.at(-1) !== 0) await new Promise((resolve) => setTimeout(resolve, 20));
    monthly.close();
    expect(batches).toEqual([100, 100, 100, 50, 0]);
    const query = { fromMs: 0, toMs: NOW, where: {}, limit: 1_000, beforeId: null };
    const left = await store.ledger.records(query);
    expect(left).toHaveLength(100);
    expect(left.every(({ timeMs }) => timeMs >= NOW - 30 * DAY_MS)).toBe(true);
    // What was remembered with the rows is gone, too, and no other.
    expect(
      await store.ledger.responseProvider(n(rows[0]?.traceId), rows[0]?.keyId ?? ""),
    ).toBeNull();
    expect(await store.ledger.responseProvider(n(rows[449]?.traceId), rows[449]?.keyId ?? "")).toBe(
      "demo",
    );
    await store.close();
  });

  test("that can't write says so, and goes on later", async () => {
    const lines: string[] = [];
    const failing = startRetention({
      ledger: { expire: () => Promise.reject(new Error("disk full")) },
      admin: { expire: async () => 0 },
      keep: () => ({ ledgerMs: 1, sessionsMs: 1 }),
      now: () => NOW,
      log: createLog("info", Date.now, (line) => lines.push(line)),
    });
    expect(await failing.run()).toBe(0);
    failing.close();
    expect(lines.join("")).toContain("could not be deleted");
  });
});

function n(traceId = ""): string {
  return `resp_${traceId}`;
}
