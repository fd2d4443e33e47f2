import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../db/open.ts";
import type { Store } from "../../db/store.ts";
import { record } from "../audit/record.ts";
import { createLog } from "../telemetry/log.ts";
import { Privacy, type PrivacyOptions } from "./privacy.ts";

const ALL = {
  fromMs: 0,
  toMs: Number.MAX_SAFE_INTEGER,
  where: {},
  beforeSeq: null,
  limit: 1000,
};
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const each of cleanups.splice(0).toReversed()) await each();
});

async function rig() {
  const dataDir = mkdtempSync(join(tmpdir(), "anyray-privacy-"));
  const store = await openStore({ dataDir, ledgerSync: "normal" });
  cleanups.push(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const log: string[] = [];
  let time = Date.parse("2026-11-24T10:00:00Z");
  const open = async (options: Partial<PrivacyOptions> = {}): Promise<Privacy> => {
    const privacy = await Privacy.open({
      settings: store.settings,
      audit: store.audit,
      now: () => time,
      log: createLog(
        "info",
        () => time,
        (line) => log.push(line),
      ),
      allowPlaintext: false,
      initialMode: "encrypted",
      kid: "ab".repeat(8),
      ...options,
    });
    cleanups.push(() => privacy.close());
    return privacy;
  };
  const pass = (ms: number): void => {
    time += ms;
  };
  return { store, log, open, pass };
}

const audited = async (store: Store) =>
  (await store.audit.list(ALL)).map(({ actor, before, after }) => [actor, before, after]);

describe("the content mode", () => {
  test("is changed only as it was read, where the version that was read is named", async () => {
    const { store, open } = await rig();
    const privacy = await open();
    const { version } = privacy.status();
    expect((await privacy.change("off", "admin", version)).version).toBe(version + 1);
    const refused = privacy.change("encrypted", "admin", version);
    await expect(refused).rejects.toMatchObject({ code: "conflict" });
    expect(privacy.status()).toMatchObject({ requested: "off", version: version + 1 });
    expect(await audited(store)).toHaveLength(2);
    expect((await privacy.change("encrypted", "admin")).version).toBe(version + 2);
  });

  test("is that of the deployment at the first start, and that is audited", async () => {
    const { store, open } = await rig();
    const privacy = await open({ initialMode: "off" });
    expect(privacy.status()).toMatchObject({
      requested: "off",
      effective: "off",
      reason: null,
      changedBy: "start",
      key: { state: "ok", kid: "ab".repeat(8) },
    });
    expect(await audited(store)).toEqual([
      ["start", null, '{"effective":"off","requested":"off"}'],
    ]);
  });

  test("that was changed stays over a restart, until the deployment asks for another", async () => {
    const { store, open } = await rig();
    const first = await open();
    expect((await first.change("off", "admin")).effective).toBe("off");
    first.close();
    const second = await open();
    expect(second.status()).toMatchObject({ requested: "off", changedBy: "admin" });
    second.close();
    const third = await open({ initialMode: "plaintext", allowPlaintext: true });
    expect(third.status()).toMatchObject({ requested: "plaintext", effective: "plaintext" });
    third.close();
    const fourth = await open({ initialMode: "plaintext", allowPlaintext: false });
    expect(fourth.status()).toMatchObject({
      requested: "plaintext",
      effective: "encrypted",
      reason: "plaintext_not_allowed",
    });
    expect((await audited(store)).map(([actor]) => actor)).toEqual(["start", "admin", "start"]);
  });

  test("is audited with who, from, to and what was in force", async () => {
    const { store, open } = await rig();
    const privacy = await open();
    await privacy.change("off", "admin");
    const [newest] = await audited(store);
    expect(newest).toEqual([
      "admin",
      '{"effective":"encrypted","requested":"encrypted"}',
      '{"effective":"off","requested":"off"}',
    ]);
  });

  test("plaintext without the gate is refused, and nothing is stored", async () => {
    const { store, open } = await rig();
    const privacy = await open();
    expect(privacy.change("plaintext", "admin")).rejects.toMatchObject({
      code: "plaintext_not_allowed",
      status: 409,
    });
    expect(await store.audit.list(ALL)).toHaveLength(1);
    expect(privacy.current.effective).toBe("encrypted");
  });

  test("another process's change is seen within a second or so", async () => {
    const { store, open } = await rig();
    const privacy = await open();
    const draft = {
      timeMs: 1,
      actor: "cli",
      action: "privacy.change",
      target: "content",
      before: null,
      after: null,
    } as const;
    await record(store.audit, draft, [
      { kind: "setting", name: "privacy.mode", value: '"off"', expectedVersion: null },
    ]);
    for (let i = 0; i < 150 && privacy.current.effective !== "off"; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(privacy.status()).toMatchObject({ effective: "off", changedBy: "cli" });
  });

  test("a stored value that means nothing is never read as plaintext", async () => {
    const { store, open } = await rig();
    (await open({ allowPlaintext: true })).close();
    for (const value of ['"PLAINTEXT"', "plaintext", '["plaintext"]', "1"]) {
      const draft = {
        timeMs: 1,
        actor: "cli",
        action: "privacy.change",
        target: "content",
      } as const;
      await record(store.audit, { ...draft, before: null, after: null }, [
        { kind: "setting", name: "privacy.mode", value, expectedVersion: null },
      ]);
      const privacy = await open({ allowPlaintext: true });
      expect([value, privacy.current]).toEqual([
        value,
        { effective: "encrypted", reason: "unknown_value" },
      ]);
      privacy.close();
    }
  });

  test("a database that can't be read degrades to encrypted, and a change says that it was not stored", async () => {
    const { store, open } = await rig();
    const broken = () => Promise.reject(new Error("disk I/O error"));
    const privacy = await open({
      allowPlaintext: true,
      initialMode: "plaintext",
      settings: { ...store.settings, get: broken },
      audit: { ...store.audit, append: broken },
    });
    expect(privacy.current).toEqual({ effective: "encrypted", reason: "unreadable" });
    privacy.setKeyState("failed");
    expect(privacy.current).toEqual({ effective: "off", reason: "key_failed" });
    expect(privacy.change("off", "admin")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("less than was asked for is said at once, and once a minute, by its reason alone", async () => {
    const { log, open, pass } = await rig();
    const privacy = await open();
    const warnings = () =>
      log.filter((line) => line.includes('"degraded') || line.includes("degraded"));
    privacy.setStoreState("full");
    privacy.setStoreState("full");
    expect(warnings()).toHaveLength(1);
    expect(JSON.parse(warnings()[0] ?? "")).toMatchObject({
      level: "warn",
      effective: "off",
      reason: "store_full",
    });
    pass(61_000);
    for (let i = 0; i < 150 && warnings().length < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(warnings()).toHaveLength(2);
    privacy.setStoreState("ok");
    expect(log.at(-1)).toContain("as requested again");
  });
});
