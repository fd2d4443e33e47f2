import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContentRow, ContentStore } from "../store.ts";
import { openContent } from "./content.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-content-"));
const open: ContentStore[] = [];
afterAll(() => {
  for (const store of open) store.close();
  rmSync(root, { recursive: true, force: true });
});
let count = 0;

function newStore(): ContentStore {
  const store = openContent(join(root, `${++count}.sqlite`));
  open.push(store);
  return store;
}

const DIGEST = "ab".repeat(32);
const OBJECT = `2026-11-24/ab/${"0".repeat(32)}`;
const trace = (n: number) => n.toString(16).padStart(32, "0");
const row = (n: number, content: ContentRow["content"], timeMs = n): ContentRow => ({
  traceId: trace(n),
  spanId: "00000000000000aa",
  field: "input",
  timeMs,
  mode: "encrypted",
  content,
});
const inline = (text: string): ContentRow["content"] => ({
  state: "inline",
  envelope: new TextEncoder().encode(text),
  sha256: DIGEST,
});

describe("sealed parts", () => {
  test("come back as they were stored, whatever they are", async () => {
    const store = newStore();
    const rows = [
      row(1, inline("sealed")),
      row(2, { state: "object", object: OBJECT, sizeBytes: 70_000, sha256: DIGEST }),
      row(3, { state: "omitted", reason: "too_large" }),
    ];
    await store.add(rows);
    for (const each of rows) expect(await store.ofTrace(each.traceId)).toEqual([each]);
    expect(await store.hasObject(OBJECT)).toBe(true);
    expect(await store.hasObject(OBJECT.replace("ab/", "ac/"))).toBe(false);
  });

  test("can be tried out: nothing is added, and a file that takes no row says so", async () => {
    const path = join(root, `${++count}.sqlite`);
    const store = openContent(path);
    const rows = Array.from({ length: 400 }, (_, n) => row(n, inline("sealed ".repeat(100))));
    await store.add(rows);
    await store.probe();
    await store.probe();
    expect(await store.since(0, Number.MAX_SAFE_INTEGER, null, 1_000)).toHaveLength(400);
    expect(await store.ofTrace("f".repeat(32))).toEqual([]);
    store.close();
    // The newer half of it, where new rows go, too.
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, bytes.length / 2));
    const damaged = openContent(path);
    open.push(damaged);
    await expect(damaged.probe()).rejects.toThrow();
  });

  test("the first of a part stays", async () => {
    const store = newStore();
    await store.add([row(1, inline("first"))]);
    await store.add([row(1, inline("second")), { ...row(1, inline("other")), field: "output" }]);
    const fields = (await store.ofTrace(trace(1))).map(({ field, content }) => [
      field,
      content.state === "inline" ? new TextDecoder().decode(content.envelope) : null,
    ]);
    expect(fields).toEqual([
      ["input", "first"],
      ["output", "other"],
    ]);
  });

  test("are read page by page, in the order of time, none twice", async () => {
    const store = newStore();
    const rows = Array.from({ length: 1_203 }, (_, n) => row(n, inline("x"), Math.floor(n / 10)));
    await store.add(rows.toReversed());
    const seen: string[] = [];
    let after: Parameters<ContentStore["since"]>[2] = null;
    for (;;) {
      const page: readonly ContentRow[] = await store.since(0, 100, after, 100);
      seen.push(...page.map(({ traceId }) => traceId));
      const last = page.at(-1);
      if (last === undefined) break;
      after = { timeMs: last.timeMs, traceId: last.traceId, field: last.field };
    }
    expect(seen).toEqual(rows.filter(({ timeMs }) => timeMs < 100).map(({ traceId }) => traceId));
  });

  test("that are malformed are refused, and nothing of their batch is kept", async () => {
    const store = newStore();
    const bad: ContentRow[] = [
      { ...row(9, inline("x")), traceId: "no trace" },
      { ...row(9, inline("x")), spanId: "prose, not an id" },
      row(9, { state: "object", object: "../../etc/passwd", sizeBytes: 1, sha256: DIGEST }),
      row(9, { state: "inline", envelope: new Uint8Array(1), sha256: "prose" }),
    ];
    for (const each of bad) {
      await expect(store.add([row(8, inline("good")), each])).rejects.toThrow();
    }
    expect(await store.ofTrace(trace(8))).toEqual([]);
  });

  test("expire oldest first, as many at once as asked, and name the objects that are left over", async () => {
    const store = newStore();
    const object = { state: "object", object: OBJECT, sizeBytes: 9, sha256: DIGEST } as const;
    await store.add([row(5, inline("young")), row(2, object), row(1, inline("x")), row(3, object)]);
    expect(await store.expire(5, 2)).toEqual({ parts: 2, objects: [OBJECT] });
    expect(await store.ofTrace(trace(3))).toHaveLength(1);
    expect(await store.expire(5, 2)).toEqual({ parts: 1, objects: [OBJECT] });
    expect(await store.expire(5, 2)).toEqual({ parts: 0, objects: [] });
    expect(await store.ofTrace(trace(5))).toHaveLength(1);
    expect(await store.hasObject(OBJECT)).toBe(false);
  });
});
