import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openContentObjects } from "../../db/content-objects.ts";
import { openContent } from "../../db/sqlite/content.ts";
import { openSubjects } from "../../db/sqlite/subjects.ts";
import type { ContentObjects, ContentStore } from "../../db/store.ts";
import { createKeyring } from "../encryption/keyring.ts";
import { openEnvelope } from "../encryption/open.ts";
import { createSealing, stateAfter, type SealJob } from "./sealing.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-sealing-"));
const closing: { close(): void }[] = [];
afterAll(() => {
  for (const each of closing) each.close();
  rmSync(root, { recursive: true, force: true });
});
let count = 0;
const random = (size: number) => new Uint8Array(randomBytes(size));
const keyring = createKeyring("aa".repeat(32), []);

function rig(
  replaced: { content?: Partial<ContentStore>; objects?: Partial<ContentObjects> } = {},
) {
  const dir = join(root, `${++count}`);
  const subjects = openSubjects({ database: `${dir}.subjects`, erasedList: `${dir}.erased` });
  const content = openContent(`${dir}.content`);
  const objects = openContentObjects(dir);
  closing.push(subjects, content);
  const sealing = createSealing({
    subjects,
    content: { ...content, ...replaced.content },
    objects: { ...objects, ...replaced.objects },
    keyring,
    epochs: null,
    random,
    now: Date.now,
    inlineMaxBytes: 1_000,
    maxBytes: 50_000,
  });
  return { sealing, subjects, content, objects };
}

const trace = (n: number) => n.toString(16).padStart(32, "0");
const job = (n: number, bytes: Uint8Array, more: Partial<SealJob> = {}): SealJob => ({
  traceId: trace(n),
  spanId: "00000000000000aa",
  timeMs: Date.parse("2026-11-24T10:00:00Z"),
  mode: "encrypted",
  subject: "key user ann",
  field: "input",
  media: "json",
  isCut: false,
  bytes,
  omitted: null,
  ...more,
});
const failing = (error: object) => () => Promise.reject(Object.assign(new Error("x"), error));

describe("sealing", () => {
  test("puts small parts into rows and large ones into objects, one subject key for all", async () => {
    const { sealing, subjects, content, objects } = rig();
    const parts = [random(10), random(30_000)];
    const report = await sealing.seal(parts.map((bytes, n) => job(n, bytes)));
    expect(report).toEqual({ results: { inline: 1, object: 1 }, store: "ok" });
    expect(await subjects.list(null, 10)).toHaveLength(1);
    for (const [n, bytes] of parts.entries()) {
      const [row] = await content.ofTrace(trace(n));
      const part = row?.content;
      const envelope =
        part?.state === "inline"
          ? part.envelope
          : part?.state === "object"
            ? await objects.get(part.object)
            : null;
      if (part?.state === "object") expect(part.object.startsWith("2026-11-24/")).toBe(true);
      const subject = (await subjects.find("key user ann")) ?? { kid: "", wrapped: random(0) };
      const opened = await openEnvelope(envelope ?? random(0), {
        keyring,
        recipient: null,
        subjects: () => ({
          state: "live",
          wrapped: { kid: subject.kid, bytes: subject.wrapped },
        }),
      });
      expect(opened.bytes).toEqual(bytes);
    }
  });

  test("leaves out what is too large, and says why for what was left out before", async () => {
    const { sealing, content } = rig();
    const report = await sealing.seal([
      job(1, random(60_000)),
      job(2, new Uint8Array(), { omitted: "queue_full" }),
    ]);
    expect(report.results).toEqual({ too_large: 1, queue_full: 1 });
    expect((await content.ofTrace(trace(1)))[0]?.content).toEqual({
      state: "omitted",
      reason: "too_large",
    });
  });

  test("a full disk leaves out what found no room, and only that", async () => {
    const { sealing, content } = rig({ objects: { put: failing({ code: "ENOSPC" }) } });
    const report = await sealing.seal([job(1, random(10)), job(2, random(30_000))]);
    expect(report).toEqual({ results: { inline: 1, store_full: 1 }, store: "full" });
    expect((await content.ofTrace(trace(2)))[0]?.content).toEqual({
      state: "omitted",
      reason: "store_full",
    });
  });

  test("a database that takes no row counts the whole batch", async () => {
    const { sealing } = rig({ content: { add: failing({ errno: 13 }) } });
    expect(await sealing.seal([job(1, random(10)), job(2, random(10))])).toEqual({
      results: { store_full: 2 },
      store: "full",
    });
    // A full disk must not fill up with what no row refers to.
    const removed: string[] = [];
    const put: string[] = [];
    const full = rig({
      content: { add: failing({ errno: 13 }) },
      objects: {
        put: async (day) => `${day}/ab/${put.push(day)}`,
        remove: async (object) => void removed.push(object),
      },
    });
    await full.sealing.seal([job(1, random(30_000)), job(2, random(10))]);
    expect(removed).toEqual(["2026-11-24/ab/1"]);
    const broken = rig({ content: { add: failing({ code: "EIO" }) } });
    expect((await broken.sealing.seal([job(1, random(10))])).store).toBe("failed");
  });

  test("subjects that were erased get a new key, also if another process erased them", async () => {
    const { sealing, subjects } = rig();
    await sealing.seal([job(1, random(10))]);
    const [first] = await subjects.list(null, 10);
    const other = openSubjects({
      database: join(root, `${count}.subjects`),
      erasedList: join(root, `${count}.erased`),
    });
    await other.erase(first?.handle ?? "", 1);
    other.close();
    await sealing.seal([job(2, random(10))]);
    const [second] = await subjects.list(null, 10);
    expect(second?.handle).not.toBe(first?.handle);
  });

  test("no room and any other failure are told apart", () => {
    const errors = [{ code: "ENOSPC" }, { code: "EDQUOT" }, { errcode: 13 }, { errno: 13 }];
    for (const each of errors) expect(stateAfter(Object.assign(new Error(), each))).toBe("full");
    for (const each of [new Error(), Object.assign(new Error(), { code: "EIO" }), "thrown"]) {
      expect(stateAfter(each)).toBe("failed");
    }
  });
});
