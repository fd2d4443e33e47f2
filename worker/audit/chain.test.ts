import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { AuditRecord } from "../../db/store.ts";
import { verifyChain, type ChainHead } from "./chain.ts";
import { canonicalEntry, GENESIS_HASH, sealEntry, type AuditDraft } from "./entry.ts";
import vectors from "./vectors.json" with { type: "json" };

const draft = (n: number): AuditDraft => ({
  timeMs: Date.parse("2026-11-24T03:19:25.000Z") + n,
  actor: "admin",
  action: "privacy.change",
  target: "content",
  before: { requested: "encrypted", effective: "encrypted" },
  after: { requested: "off", n },
});

function chainOf(length: number): AuditRecord[] {
  const entries: AuditRecord[] = [];
  for (let n = 0; n < length; n++) {
    entries.push(sealEntry(draft(n), entries.at(-1) ?? { seq: 0, hash: GENESIS_HASH }));
  }
  return entries;
}

describe("an entry", () => {
  test("has the bytes and the hash of the vectors", () => {
    expect(vectors.entries.length).toBeGreaterThan(2);
    let head: ChainHead = { seq: 0, hash: GENESIS_HASH };
    for (const { draft: given, canonical, hash } of vectors.entries) {
      // Written beside the format; its words are those of the closed list.
      const entry = sealEntry(given as AuditDraft, head);
      expect(canonicalEntry(entry)).toBe(canonical);
      expect(entry.hash).toBe(hash);
      // By another way than ours.
      const independent = createHash("sha256").update(`anyray/audit/v1${canonical}`).digest("hex");
      expect(independent).toBe(hash);
      expect(JSON.parse(canonical).seq).toBe(entry.seq);
      head = entry;
    }
  });

  test("takes no prose, no fractions and no nested things", () => {
    const head = { seq: 0, hash: GENESIS_HASH };
    const bad: Partial<AuditDraft>[] = [
      { actor: "Please summarise the attached contract" },
      { target: "line\nbreak" },
      { after: { note: '{"role":"user"}' } },
      { after: { cost: 0.5 } },
      { after: { count: 2 ** 60 } },
      { after: { "Bad name": 1 } },
    ];
    for (const each of bad) expect(() => sealEntry({ ...draft(1), ...each }, head)).toThrow();
  });
});

describe("the chain", () => {
  test("of untouched entries is whole", () => {
    const entries = chainOf(20);
    const last = entries.at(-1);
    expect(verifyChain(entries)).toEqual({
      isWhole: true,
      head: { seq: 20, hash: last?.hash ?? "" },
    });
    expect(verifyChain([])).toMatchObject({ isWhole: true });
  });

  test("shows every edit of every member, at its place", () => {
    const entries = chainOf(6);
    const edits: Partial<AuditRecord>[] = [
      { timeMs: 1 },
      { actor: "root" },
      { action: "subject.erase" },
      { target: "other" },
      { before: null },
      { after: '{"n":9}' },
      { hash: "0".repeat(64) },
    ];
    for (let at = 0; at < entries.length; at++) {
      for (const edit of edits) {
        const edited = entries.map((entry, i) => (i === at ? { ...entry, ...edit } : entry));
        expect(verifyChain(edited)).toEqual({ isWhole: false, seq: at + 1, fault: "edited" });
      }
    }
  });

  test("shows an edit even where its own hash was made anew", () => {
    const entries = chainOf(6);
    const [first, second] = entries;
    if (first === undefined || second === undefined) throw new Error("too short");
    const forged = sealEntry({ ...draft(1), actor: "nobody" }, first);
    expect(verifyChain([first, forged, ...entries.slice(2)])).toEqual({
      isWhole: false,
      seq: 3,
      fault: "not_linked",
    });
  });

  test("shows what was dropped, doubled, swapped or inserted", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 }), (i, j) => {
        const entries = chainOf(10);
        const dropped = entries.filter((_, at) => at !== i);
        expect(verifyChain(dropped).isWhole).toBe(false);
        const at = entries[i];
        if (at === undefined) return;
        const doubled = [...entries.slice(0, i), at, ...entries.slice(i)];
        expect(verifyChain(doubled).isWhole).toBe(false);
        if (i === j) return;
        const swapped = [...entries];
        [swapped[i], swapped[j]] = [entries[j] ?? at, at];
        expect(verifyChain(swapped).isWhole).toBe(false);
      }),
    );
  });

  test("that lost its end is whole in itself, but not to who knows a later head", () => {
    const entries = chainOf(10);
    const known = { seq: 8, hash: entries[7]?.hash ?? "" };
    expect(verifyChain(entries.slice(0, 5)).isWhole).toBe(true);
    expect(verifyChain(entries.slice(0, 5), undefined, known)).toEqual({
      isWhole: false,
      seq: 6,
      fault: "truncated",
    });
    expect(verifyChain(entries, undefined, known).isWhole).toBe(true);
    expect(verifyChain(entries, undefined, { ...known, hash: "f".repeat(64) })).toEqual({
      isWhole: false,
      seq: 8,
      fault: "edited",
    });
  });
});
