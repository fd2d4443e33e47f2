import { afterAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subject, SubjectStore } from "../store.ts";
import { openSubjects } from "./subjects.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-subjects-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function files() {
  const path = join(root, `${++count}`);
  return { database: `${path}.sqlite`, erasedList: `${path}.erased` };
}

const handle = (digit: string) => digit.repeat(32);
const subject = (digit: string, name: string): Subject => ({
  handle: handle(digit),
  name,
  kid: "00".repeat(8),
  wrapped: new Uint8Array(60).fill(Number.parseInt(digit, 16)),
  createdAtMs: 1,
});

async function withStore<T>(
  paths: ReturnType<typeof files>,
  work: (store: SubjectStore) => Promise<T>,
): Promise<T> {
  const store = openSubjects(paths);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

describe("subject keys", () => {
  test("are found by name, and the first one stored stays", async () => {
    await withStore(files(), async (store) => {
      expect(await store.find("key user a")).toBeNull();
      const first = await store.add(subject("1", "key user a"));
      expect(first.handle).toBe(handle("1"));
      const second = await store.add(subject("2", "key user a"));
      expect(second.handle).toBe(handle("1"));
      expect([...second.wrapped]).toEqual([...new Uint8Array(60).fill(1)]);
    });
  });

  test("are listed in the order of their handles, page by page, and counted by master key", async () => {
    await withStore(files(), async (store) => {
      for (const digit of ["c", "a", "b"]) await store.add(subject(digit, `key user ${digit}`));
      const first = await store.list(null, 2);
      expect(first.map((each) => each.handle[0])).toEqual(["a", "b"]);
      const rest = await store.list(first[1]?.handle ?? null, 2);
      expect(rest.map((each) => each.handle[0])).toEqual(["c"]);
      expect([...(await store.kids())]).toEqual([["00".repeat(8), 3]]);
    });
  });

  test("are rewrapped, unless they were erased or rewrapped meanwhile", async () => {
    await withStore(files(), async (store) => {
      const a = await store.add(subject("a", "key user a"));
      const b = await store.add(subject("b", "key user b"));
      await store.erase(b.handle, 5);
      const to = (from: Subject) => ({
        handle: from.handle,
        kid: "11".repeat(8),
        wrapped: new Uint8Array(60).fill(7),
      });
      expect(
        await store.rewrap([
          { from: a, to: to(a) },
          { from: b, to: to(b) },
        ]),
      ).toBe(1);
      expect(await store.rewrap([{ from: a, to: to(a) }])).toBe(0);
      expect((await store.find("key user a"))?.kid).toBe("11".repeat(8));
    });
  });

  test("that are erased are gone from every file, with a tombstone left", async () => {
    const paths = files();
    const secret = new Uint8Array(60).map((_, i) => 100 + i);
    await withStore(paths, async (store) => {
      await store.add({ ...subject("d", "key user dora"), wrapped: secret });
      await store.add(subject("e", "key user emil"));
      expect(await store.erase(handle("d"), 42)).toBe(true);
      expect(await store.erase(handle("d"), 43)).toBe(false);
      expect(await store.find("key user dora")).toBeNull();
      expect(await store.erased()).toEqual([{ handle: handle("d"), erasedAtMs: 42 }]);
      const dir = readdirSync(root).filter((name) => name.startsWith(`${count}.`));
      expect(dir.length).toBeGreaterThan(1);
      for (const name of dir) {
        const bytes = readFileSync(join(root, name));
        expect(bytes.indexOf(secret)).toBe(-1);
        expect(bytes.indexOf("dora")).toBe(-1);
      }
    });
  });

  test("do not come back with an older copy of the database", async () => {
    const paths = files();
    await withStore(paths, async (store) => {
      await store.add(subject("d", "key user dora"));
    });
    copyFileSync(paths.database, `${paths.database}.backup`);
    await withStore(paths, (store) => store.erase(handle("d"), 42));
    copyFileSync(`${paths.database}.backup`, paths.database);
    await withStore(paths, async (store) => {
      expect(await store.find("key user dora")).toBeNull();
      expect(await store.erased()).toEqual([{ handle: handle("d"), erasedAtMs: 42 }]);
    });
  });

  test("a line of the erased list that a crash cut off swallows no other", async () => {
    const paths = files();
    await withStore(paths, async (store) => {
      await store.add(subject("a", "key user a"));
      await store.add(subject("b", "key user b"));
    });
    writeFileSync(paths.erasedList, `${handle("a")} 1\n0123456789`);
    await withStore(paths, async (store) => {
      expect(await store.find("key user a")).toBeNull();
      expect(await store.erase(handle("b"), 2)).toBe(true);
    });
    const lines = readFileSync(paths.erasedList, "utf8").split("\n");
    expect(lines).toContain(`${handle("b")} 2`);
  });

  test("many tombstones are applied, too", async () => {
    const paths = files();
    const handles = Array.from({ length: 2_500 }, (_, i) => i.toString(16).padStart(32, "0"));
    appendFileSync(paths.erasedList, handles.map((each) => `${each} 1\n`).join(""));
    for (let round = 0; round < 2; round++) {
      await withStore(paths, async (store) => {
        expect(await store.erased()).toHaveLength(2_500);
      });
    }
  });

  test("a change by another process changes the version, one of our own does not", async () => {
    const paths = files();
    await withStore(paths, async (store) => {
      const before = store.version();
      await store.add(subject("a", "key user a"));
      expect(store.version()).toBe(before);
      await withStore(paths, (other) => other.add(subject("b", "key user b")));
      expect(store.version()).not.toBe(before);
    });
  });
});
