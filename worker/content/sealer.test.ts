/** The gateway's side of the sealing thread: what waits, what comes back, and a thread that can't start or dies. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openContent } from "../../db/sqlite/content.ts";
import { Counters } from "../telemetry/counters.ts";
import { createLog } from "../telemetry/log.ts";
import { CONTENT_FILES } from "./files.ts";
import { createRecorder } from "./recorder.ts";
import { createSealer, type SealerState } from "./sealer.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-sealer-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function rig(prepare: (dataDir: string) => void = () => undefined, keepMs: number | null = null) {
  const dataDir = join(root, `${++count}`);
  mkdirSync(dataDir);
  prepare(dataDir);
  const states: SealerState[] = [];
  const log: string[] = [];
  const counters = new Counters();
  const sealer = createSealer({
    dataDir,
    keys: ["aa".repeat(32)],
    recipients: [],
    inlineMaxBytes: 16_384,
    maxBytes: 4_194_304,
    keepMs,
    counters,
    log: createLog("debug", Date.now, (line) => log.push(line)),
    onState: (state) => states.push(state),
  });
  const recorder = createRecorder({ sealer, mode: () => "encrypted", maxBytes: 4_194_304 });
  const leave = (n: number, bytes = new Uint8Array(100), timeMs = Date.now()): void => {
    const recording = recorder.open(n.toString(16).padStart(32, "0"), timeMs);
    recording?.attribute(`key user u${n % 10}`, "k");
    recording?.input(bytes, "json");
    recording?.end(false);
  };
  return { dataDir, states, log, counters, sealer, leave };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it never came to that");
}

describe("the sealer", () => {
  test("seals all that was left to it before it closes, and gives the memory back", async () => {
    const { dataDir, sealer, leave, counters } = rig();
    for (let n = 0; n < 2_000; n++) leave(n);
    expect(sealer.budget.usedBytes).toBeGreaterThan(0);
    expect(sealer.unsealed.size).toBe(2_000);
    await sealer.close();
    expect(sealer.unsealed.size).toBe(0);
    const content = openContent(join(dataDir, CONTENT_FILES.content));
    expect(await content.since(0, Number.MAX_SAFE_INTEGER, null, 5_000)).toHaveLength(2_000);
    content.close();
    expect(sealer.budget.usedBytes).toBe(0);
    expect(counters.render()).toContain('anyray_content_parts_total{result="inline"} 2000');
  }, 20_000);

  test("has no thread where nothing was asked of it", async () => {
    const { dataDir, sealer } = rig();
    await sealer.close();
    expect(existsSync(join(dataDir, CONTENT_FILES.content))).toBe(false);
  });

  test("that can't open its files says so, counts what it leaves out, and begins when it can", async () => {
    const blocked = (dataDir: string) => join(dataDir, CONTENT_FILES.objects);
    const { dataDir, sealer, states, counters, leave, log } = rig((dir) =>
      writeFileSync(blocked(dir), "in the way"),
    );
    sealer.start();
    await until(() => states.at(-1)?.store === "failed");
    leave(1);
    await until(() => counters.render().includes('{result="store_failed"} 1'));
    expect(sealer.budget.usedBytes).toBe(0);
    await expect(sealer.subjects(null, 10)).rejects.toThrow();
    await until(() => log.length > 0);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain('"file":"content"');
    rmSync(blocked(dataDir));
    await until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return states.at(-1)?.store === "ok";
    });
    leave(2);
    await until(() => counters.render().includes('{result="inline"} 1'));
    expect(await sealer.subjects(null, 10)).toHaveLength(1);
    await sealer.close();
  }, 30_000);

  test("says that keys are gone where there is content that they opened", async () => {
    const sealed = rig();
    sealed.leave(1);
    await sealed.sealer.close();
    expect(sealed.log).toEqual([]);
    for (const isGone of [false, true]) {
      const { sealer, log, states } = rig((dir) => {
        cpSync(sealed.dataDir, dir, { recursive: true });
        if (isGone) rmSync(join(dir, CONTENT_FILES.subjects));
      });
      sealer.start();
      await until(() => states.length > 0);
      expect(log.filter((line) => line.includes("no key of it"))).toHaveLength(isGone ? 1 : 0);
      await sealer.close();
    }
  });

  test("whose memory is full leaves parts out, and says so in their rows", async () => {
    const { dataDir, sealer, leave } = rig();
    const large = new Uint8Array(30 * 1024 * 1024);
    for (let n = 0; n < 6; n++) leave(n, large);
    await sealer.close();
    const content = openContent(join(dataDir, CONTENT_FILES.content));
    const states = (await content.since(0, Number.MAX_SAFE_INTEGER, null, 10)).map(
      (row) => row.content,
    );
    content.close();
    expect(states.filter(({ state }) => state === "omitted").length).toBeGreaterThan(0);
    expect(states.filter(({ state }) => state === "inline").length).toBeGreaterThan(0);
  }, 30_000);

  test("deletes what is older than is kept, objects and all, at the start; and nothing younger", async () => {
    const day = 86_400_000;
    const noise = () => crypto.getRandomValues(new Uint8Array(40_000));
    const { dataDir, sealer, leave } = rig();
    for (let n = 0; n < 450; n++) leave(n, undefined, Date.now() - 91 * day);
    leave(450, noise(), Date.now() - 91 * day);
    leave(451, noise(), Date.now() - 89 * day);
    leave(452);
    await sealer.close();
    const objectsIn = (dir: string) =>
      readdirSync(join(dir, CONTENT_FILES.objects), { recursive: true }).filter(
        (name) => String(name).split("/").length === 3,
      );
    expect(objectsIn(dataDir)).toHaveLength(2);
    const later = rig((dir) => cpSync(dataDir, dir, { recursive: true }), 90 * day);
    later.sealer.start();
    await until(() => later.counters.render().includes("anyray_content_expired_total 451"));
    await later.sealer.close();
    const content = openContent(join(later.dataDir, CONTENT_FILES.content));
    const left = await content.since(0, Number.MAX_SAFE_INTEGER, null, 10);
    content.close();
    expect(left.map(({ traceId }) => Number.parseInt(traceId, 16))).toEqual([451, 452]);
    const kept = left.flatMap(({ content: part }) =>
      part.state === "object" ? [part.object] : [],
    );
    expect(objectsIn(later.dataDir).map(String)).toEqual(kept);
  }, 20_000);

  test("keeps objects without a row as long as content: a trace back end may refer to them", async () => {
    const day = 86_400_000;
    const noise = () => crypto.getRandomValues(new Uint8Array(40_000));
    const sealed = rig();
    sealed.leave(1, noise(), Date.now() - 2 * day);
    await sealed.sealer.close();
    const objectsBelow = (dir: string) =>
      readdirSync(join(dir, CONTENT_FILES.objects), { recursive: true })
        .map(String)
        .filter((name) => name.split("/").length === 3);
    for (const [keepMs, left] of [
      [3 * day, 1],
      [null, 1],
      [day, 0],
    ] as const) {
      const { sealer, dataDir, states } = rig((dir) => {
        cpSync(sealed.dataDir, dir, { recursive: true });
        rmSync(join(dir, CONTENT_FILES.content));
        const then = new Date(Date.now() - 2 * day);
        for (const name of objectsBelow(dir)) {
          utimesSync(join(dir, CONTENT_FILES.objects, name), then, then);
        }
      }, keepMs);
      sealer.start();
      await until(() => states.length > 0);
      // The sweep is before what is asked now.
      await sealer.erased();
      expect([keepMs, objectsBelow(dataDir).length]).toEqual([keepMs, left]);
      await sealer.close();
    }
  }, 20_000);

  test("deletes what a shorter window no longer keeps at once, and tells a thread that is started later", async () => {
    const day = 86_400_000;
    const { sealer, leave, counters, dataDir } = rig();
    leave(1, new Uint8Array(100), Date.now() - 10 * day);
    leave(2);
    await until(() => counters.render().includes('result="inline"} 2'));
    sealer.keepFor(9 * day);
    await until(() => counters.render().includes("anyray_content_expired_total 1"));
    await sealer.close();
    const later = rig((dir) => cpSync(dataDir, dir, { recursive: true }));
    later.sealer.keepFor(0);
    later.sealer.start();
    await until(() => later.counters.render().includes("anyray_content_expired_total 1"));
    await later.sealer.close();
  }, 20_000);
});
