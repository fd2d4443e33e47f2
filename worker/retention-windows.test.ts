import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../db/open.ts";
import { record } from "./audit/record.ts";
import { RetentionWindows, type DeploymentWindows } from "./retention-windows.ts";
import { createLog } from "./telemetry/log.ts";
import { until } from "./testing/until.ts";

const DAY_MS = 86_400_000;
const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, where: {}, beforeSeq: null, limit: 100 };
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const each of cleanups.splice(0).toReversed()) await each();
});

async function rig() {
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-windows-"));
  const store = await openStore({ dataDir, ledgerSync: "normal" });
  cleanups.push(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const log: string[] = [];
  const parts = {
    settings: store.settings,
    audit: store.audit,
    now: () => 1_000,
    log: createLog(
      "info",
      () => 0,
      (line) => log.push(line),
    ),
  };
  const open = async (deployment: DeploymentWindows, more: Partial<typeof parts> = {}) => {
    const windows = await RetentionWindows.open({ ...parts, ...more, deployment });
    cleanups.push(() => windows.close());
    return windows;
  };
  const entries = async () => (await store.audit.list(ALL)).toReversed();
  const put = (value: string) =>
    record(
      store.audit,
      {
        timeMs: 1,
        actor: "other",
        action: "retention.change",
        target: "x",
        before: null,
        after: null,
      },
      [{ kind: "setting", name: "retention", value, expectedVersion: null }],
    );
  return { store, log, open, entries, put };
}

describe("how long things are kept", () => {
  test("is what the deployment says until someone changes it; then what is stored, over a restart, too", async () => {
    const { open, entries } = await rig();
    const windows = await open({ traces_days: 90, ledger_days: 0 });
    expect(windows.status()).toMatchObject({
      windows: { traces_days: 90, ledger_days: 0, sessions_days: 62 },
      version: 0,
      changedBy: null,
    });
    expect([windows.keepMs("traces_days"), windows.keepMs("ledger_days")]).toEqual([
      90 * DAY_MS,
      null,
    ]);
    expect(await entries()).toEqual([]);
    let told = 0;
    windows.watch(() => (told += 1));
    const changed = await windows.change({ ledger_days: 365 }, "ann", 0);
    expect(changed).toMatchObject({
      windows: { traces_days: 90, ledger_days: 365, sessions_days: 62 },
      version: 1,
      changedBy: "ann",
    });
    expect(told).toBe(1);
    await expect(windows.change({ ledger_days: 1 }, "bob", 0)).rejects.toMatchObject({
      code: "conflict",
    });
    expect(windows.keepMs("ledger_days")).toBe(365 * DAY_MS);
    const again = await open({ traces_days: 90, ledger_days: 0 });
    expect(again.keepMs("ledger_days")).toBe(365 * DAY_MS);
    expect((await entries()).map(({ actor, before, after }) => [actor, before, after])).toEqual([
      [
        "ann",
        '{"ledger_days":0,"sessions_days":62,"traces_days":90}',
        '{"ledger_days":365,"sessions_days":62,"traces_days":90}',
      ],
    ]);
  });

  test("follows the deployment where that says something else than when it was stored, and in that alone", async () => {
    const { open, entries } = await rig();
    const first = await open({ traces_days: 90, ledger_days: 0 });
    await first.change({ traces_days: 7, ledger_days: 365, sessions_days: 100 }, "ann", null);
    const second = await open({ traces_days: 30, ledger_days: 0 });
    expect(second.status()).toMatchObject({
      windows: { traces_days: 30, ledger_days: 365, sessions_days: 100 },
      changedBy: "start",
    });
    expect((await entries()).map(({ actor }) => actor)).toEqual(["ann", "start"]);
    // Said once, it counts once.
    await second.change({ traces_days: 8 }, "ann", null);
    expect((await open({ traces_days: 30, ledger_days: 0 })).keepMs("traces_days")).toBe(
      8 * DAY_MS,
    );
  });

  test("deletes nothing where it can't be read, says so, and is good again when it is set", async () => {
    const { open, log, put, store } = await rig();
    for (const value of [
      '"x"',
      "{}",
      '{"traces_days":-1,"ledger_days":0,"sessions_days":0}',
      '{"traces_days":1.5,"ledger_days":0,"sessions_days":0}',
      // Under caps' longest window.
      '{"traces_days":1,"ledger_days":1,"sessions_days":1}',
    ]) {
      await put(value);
      const windows = await open({ traces_days: 90, ledger_days: 30 });
      expect([value, windows.status().windows]).toEqual([value, null]);
      expect([windows.keepMs("traces_days"), windows.keepMs("ledger_days")]).toEqual([null, null]);
    }
    expect(log.join("")).toContain("nothing is deleted");
    const windows = await open({ traces_days: 90, ledger_days: 30 });
    expect((await windows.change({ ledger_days: 5 }, "ann", null)).windows).toEqual({
      traces_days: 90,
      ledger_days: 5,
      sessions_days: 62,
    });
    const broken = () => Promise.reject(new Error("disk I/O error"));
    const away = await open(
      { traces_days: 90, ledger_days: 30 },
      { settings: { ...store.settings, get: broken } },
    );
    expect(away.keepMs("ledger_days")).toBeNull();
  });

  test("another process's change is seen, and told", async () => {
    const { open, put } = await rig();
    const windows = await open({ traces_days: 90, ledger_days: 0 });
    let told = 0;
    windows.watch(() => (told += 1));
    await put('{"traces_days":3,"ledger_days":0,"sessions_days":0}');
    await until(async () => (told > 0 ? true : null));
    expect([windows.keepMs("traces_days"), windows.keepMs("sessions_days")]).toEqual([
      3 * DAY_MS,
      null,
    ]);
  });
});
