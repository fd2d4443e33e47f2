import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow } from "../../db/contract/rows.ts";
import { openOutbox } from "../../db/sqlite/outbox.ts";
import type { LedgerRow } from "../../db/store.ts";
import { createBacklog } from "./backlog.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const each of cleanups.splice(0)) each();
});

async function rig(maxBytes: number, rowCount: number, inlineBytes = 0) {
  const dir = mkdtempSync(join(tmpdir(), "anyray-backlog-"));
  const outbox = openOutbox(join(dir, "outbox.sqlite"));
  cleanups.push(() => {
    outbox.close();
    rmSync(dir, { recursive: true, force: true });
  });
  await outbox.setHandedOver("");
  const rows: LedgerRow[] = Array.from({ length: rowCount }, () => makeRow());
  let reads = 0;
  const backlog = createBacklog({
    tail: {
      newestId: async () => rows.at(-1)?.id ?? "",
      after: async (id, limit) => {
        reads += 1;
        return rows.filter((row) => row.id > id).slice(0, limit);
      },
      close: () => undefined,
    },
    content: { inlineBytes: async () => inlineBytes },
    outbox,
    maxBytes,
  });
  return { outbox, rows, backlog, reads: () => reads };
}

describe("what waits for the Collector", () => {
  test("is measured as it grows, and all kept below the bound", async () => {
    const { backlog, rows, outbox } = await rig(10_000_000, 700);
    const first = await backlog.hold();
    expect(first.dropped).toBe(0);
    rows.push(...Array.from({ length: 700 }, () => makeRow()));
    expect(await backlog.hold()).toEqual({ bytes: 2 * first.bytes, dropped: 0 });
    expect(await outbox.handedOver()).toBe("");
  });

  test("loses its oldest above the bound, counted, and no more than it must", async () => {
    const { backlog, rows, outbox } = await rig(1_000_000, 700);
    const { bytes, dropped } = await backlog.hold();
    expect(bytes).toBeLessThanOrEqual(900_000);
    expect(bytes).toBeGreaterThan(890_000);
    expect(dropped).toBe(250);
    expect(await outbox.handedOver()).toBe(rows[249]?.id ?? null);
    expect(await backlog.hold()).toEqual({ bytes, dropped: 0 });
  });

  test("counts sealed content as it would be sent", async () => {
    const { backlog } = await rig(10_000_000, 100, 16_384);
    const { bytes } = await backlog.hold();
    expect(bytes).toBe(100 * (2_000 + Math.ceil((16_384 * 4) / 3)));
  });

  test("is less by what was handed over, and the rest of it is not read twice", async () => {
    const { backlog, rows, outbox, reads } = await rig(100_000_000, 5_120);
    const { bytes } = await backlog.hold();
    let before = reads();
    await backlog.hold();
    expect(reads()).toBe(before + 1);
    before = reads();
    await outbox.setHandedOver(rows[511]?.id ?? "");
    expect((await backlog.hold()).bytes).toBe(bytes * 0.9);
    expect(reads()).toBe(before + 3);
    await outbox.setHandedOver(rows[520]?.id ?? "");
    expect(await backlog.left()).toBe(bytes * 0.9 - 9 * 2_000);
    expect((await backlog.hold()).bytes).toBe(bytes * 0.9 - 9 * 2_000);
  });

  test("begins again where all that was measured was handed over", async () => {
    const { backlog, rows, outbox } = await rig(10_000_000, 512);
    expect(await backlog.left()).toBe(0);
    await backlog.hold();
    rows.push(...Array.from({ length: 3 }, () => makeRow()));
    await outbox.setHandedOver(rows[511]?.id ?? "");
    expect((await backlog.hold()).bytes).toBe(3 * 2_000);
    await outbox.setHandedOver(rows[513]?.id ?? "");
    expect((await backlog.hold()).bytes).toBe(2_000);
  });
});
