/** What every audit store and its settings do: links are made one at a time, changes come with their entry or not at all. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { VersionConflict, type AuditHead, type AuditRecord } from "../store.ts";
import type { Open, Opened } from "./opened.ts";

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, where: {}, beforeSeq: null, limit: 1000 };

/** A link with the head's hash in it; what a hash is made of is no business of the store. */
const link =
  (more: Partial<AuditRecord> = {}) =>
  (head: AuditHead): AuditRecord => ({
    seq: head.seq + 1,
    timeMs: 1_000 + head.seq,
    actor: "admin",
    action: "privacy.change",
    target: "content",
    before: null,
    after: '{"requested":"off"}',
    prevHash: head.hash,
    hash: (head.seq + 1).toString(16).padStart(64, "0"),
    ...more,
  });

export function describeAudit(name: string, open: Open): void {
  describe(`the audit log on ${name}`, () => {
    let opened: Opened;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.remove());

    test("begins with nothing, and hands each entry the one before", async () => {
      const { audit } = opened.store;
      expect(await audit.head()).toEqual({ seq: 0, hash: "0".repeat(64) });
      const first = await audit.append(link());
      const second = await audit.append(link({ actor: "cli" }));
      expect([first.prevHash, second.prevHash]).toEqual(["0".repeat(64), first.hash]);
      expect(await audit.list(ALL)).toEqual([second, first]);
      expect(await audit.head()).toEqual({ seq: 2, hash: second.hash });
    });

    test("never gives two entries one place, however many are made at once", async () => {
      const { audit } = opened.store;
      await Promise.all(Array.from({ length: 50 }, () => audit.append(link())));
      const entries = (await audit.list(ALL)).toReversed();
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      for (const [i, entry] of entries.entries()) {
        expect(entry.prevHash).toBe(entries[i - 1]?.hash ?? "0".repeat(64));
      }
    });

    test("stores settings with their entry, or neither", async () => {
      const { audit, settings } = opened.store;
      const change = (value: string, expectedVersion: number | null) =>
        audit.append(link(), [{ kind: "setting", name: "a.setting", value, expectedVersion }]);
      await change('"one"', 0);
      expect(await settings.get("a.setting")).toEqual({
        name: "a.setting",
        value: '"one"',
        version: 1,
        changedAtMs: 1_000,
        changedBy: "admin",
      });
      await expect(change('"late"', 0)).rejects.toBeInstanceOf(VersionConflict);
      await change('"two"', 1);
      await change('"three"', null);
      expect((await settings.get("a.setting"))?.version).toBe(3);
      // A change that was refused left no entry.
      expect((await audit.head()).seq).toBe(3);
      await expect(
        audit.append(() => {
          throw new Error("no entry");
        }, [{ kind: "setting", name: "another", value: '"x"', expectedVersion: null }]),
      ).rejects.toThrow("no entry");
      expect(await settings.get("another")).toBeNull();
    });

    test("lists settings by the beginning of their names, character by character", async () => {
      const { audit, settings } = opened.store;
      for (const name of ["a.b", "a_c", "a.", "b.a", "a.a", "A.a"]) {
        await audit.append(link(), [{ kind: "setting", name, value: '"x"', expectedVersion: 0 }]);
      }
      const names = async (prefix: string) =>
        (await settings.list(prefix)).map((each) => each.name);
      expect(await names("a.")).toEqual(["a.", "a.a", "a.b"]);
      expect(await names("a_")).toEqual(["a_c"]);
      expect(await names("%")).toEqual([]);
      expect([await settings.get("b.a")]).toEqual([...(await settings.list("b."))]);
    });

    test("is filtered and read page by page, newest first", async () => {
      const { audit } = opened.store;
      for (let n = 0; n < 9; n++) {
        await audit.append(link({ actor: n % 2 === 0 ? "admin" : "cli", target: `t${n}` }));
      }
      const seqs = async (query: Partial<typeof ALL> & object) =>
        (await audit.list({ ...ALL, ...query })).map(({ seq }) => seq);
      expect(await seqs({ where: { actor: "cli" } })).toEqual([8, 6, 4, 2]);
      expect(await seqs({ where: { target: "t3" } })).toEqual([4]);
      expect(await seqs({ where: { action: "keys.rotate" } })).toEqual([]);
      expect(await seqs({ limit: 2 })).toEqual([9, 8]);
      expect(await audit.list({ ...ALL, beforeSeq: 3 })).toHaveLength(2);
      expect(await seqs({ fromMs: 1_002, toMs: 1_005 })).toEqual([5, 4, 3]);
    });
  });
}
