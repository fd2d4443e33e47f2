import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openContentObjects } from "./content-objects.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-objects-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const newDir = () => join(root, `${++count}`);
const DAY = "2026-11-24";

describe("content objects", () => {
  test("are read back under the name that was given out, and nobody else may read them", async () => {
    const dir = newDir();
    const objects = openContentObjects(dir);
    const bytes = new Uint8Array(100_000).map((_, i) => i);
    const name = await objects.put(DAY, bytes);
    expect(name).toMatch(/^2026-11-24\/[0-9a-f]{2}\/[0-9a-f]{32}$/);
    expect(await objects.get(name)).toEqual(bytes);
    expect(statSync(join(dir, name)).mode & 0o077).toBe(0);
    expect(readdirSync(join(dir, "drafts"))).toEqual([]);
  });

  test("that are not there, or are named strangely, are null", async () => {
    const dir = newDir();
    const objects = openContentObjects(dir);
    writeFileSync(join(root, "secret"), "x");
    expect(await objects.get(`${DAY}/ab/${"0".repeat(32)}`)).toBeNull();
    expect(await objects.get("../secret")).toBeNull();
    expect(await objects.get(`${DAY}/../../secret`)).toBeNull();
  });

  test("the sweep takes what is old and unreferenced, drafts of a crash among it, and nothing else", async () => {
    const dir = newDir();
    const objects = openContentObjects(dir);
    const kept = await objects.put(DAY, new Uint8Array(10));
    const orphan = await objects.put(DAY, new Uint8Array(10));
    const fresh = await objects.put(DAY, new Uint8Array(10));
    const recent = await objects.put(DAY, new Uint8Array(10));
    const draft = join(dir, "drafts", "f".repeat(32));
    writeFileSync(draft, "half");
    writeFileSync(join(dir, "README"), "an operator's note");
    for (const path of [join(dir, kept), join(dir, orphan), draft]) utimesSync(path, 1, 1);
    utimesSync(join(dir, recent), 3, 3);
    const before = { draftsMs: Date.now() - 60_000, objectsMs: 2_000 };
    const swept = await objects.sweep(before, async (object) => object === kept);
    expect(swept).toBe(2);
    expect(await objects.get(kept)).not.toBeNull();
    expect(await objects.get(fresh)).not.toBeNull();
    expect(await objects.get(recent)).not.toBeNull();
    expect(await objects.get(orphan)).toBeNull();
    expect(readdirSync(dir).sort()).toEqual(["2026-11-24", "README", "drafts"]);
    // And the directories that it emptied can be used again.
    expect(await objects.get(await objects.put(DAY, new Uint8Array(3)))).toHaveLength(3);
  });

  test("a place that can't be written to rejects, and works again later", async () => {
    const dir = newDir();
    const objects = openContentObjects(dir);
    rmSync(join(dir, "drafts"), { recursive: true });
    writeFileSync(join(dir, "drafts"), "in the way");
    await expect(objects.put(DAY, new Uint8Array(1))).rejects.toThrow();
    await expect(objects.probe()).rejects.toThrow();
    rmSync(join(dir, "drafts"));
    mkdirSync(join(dir, "drafts"));
    chmodSync(join(dir, "drafts"), 0o700);
    await objects.probe();
    expect(await objects.put(DAY, new Uint8Array(1))).toMatch(/^2026/);
  });
});
