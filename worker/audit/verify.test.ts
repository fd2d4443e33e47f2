/** Tampering with an audit log outside the database: whatever is done to it is found, or was vouched for by nobody. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { AuditRecord } from "../../db/store.ts";
import { createSigner, isPublicKey, isSigned } from "./checkpoint.ts";
import { sealEntry } from "./entry.ts";
import { checkpointLine, entryLine, parseAuditLine } from "./lines.ts";
import { verifyAudit } from "./verify.ts";

const START = Date.UTC(2026, 10, 24);
const signer = createSigner("ab".repeat(32));
const other = createSigner("cd".repeat(32));

function makeLog(count: number): AuditRecord[] {
  const entries: AuditRecord[] = [];
  for (let n = 0; n < count; n++) {
    const head = entries.at(-1) ?? { seq: 0, hash: "0".repeat(64) };
    const after = { requested: n % 2 === 0 ? "off" : "encrypted", count: n };
    const draft = { timeMs: START + n, actor: "admin", target: "content", before: null, after };
    entries.push(sealEntry({ ...draft, action: "privacy.change" }, head));
  }
  return entries;
}

const log = makeLog(20);
const at = (seq: number) => {
  const entry = log[seq - 1];
  if (entry === undefined) throw new Error("no such entry");
  return entry;
};
const checkpoints = [signer.sign(at(10), START), signer.sign(at(18), START + 1)];

describe("an audit log outside the database", () => {
  test("is whole as it was written, and vouched for as far as the newest checkpoint", () => {
    expect(verifyAudit(log, checkpoints, signer.publicKey)).toEqual({
      isWhole: true,
      entries: 20,
      head: at(20).hash,
      checkpoints: 2,
      vouchedUntil: 18,
    });
    expect(verifyAudit([], [], null)).toMatchObject({ isWhole: true, entries: 0 });
  });

  test("comes back from its lines byte for byte, and what is no line of it is not taken", () => {
    const entries = log.map((entry) => parseAuditLine(entryLine(entry)));
    expect(entries).toEqual(log.map((entry) => ({ kind: "entry", entry })));
    const [first] = checkpoints;
    if (first === undefined) throw new Error("there are two");
    expect(parseAuditLine(checkpointLine(first))).toEqual({
      kind: "checkpoint",
      checkpoint: first,
    });
    for (const line of ["", "{", "[]", "null", '{"kind":"entry"}', '{"kind":"note","seq":1}']) {
      expect(parseAuditLine(line)).toBeNull();
    }
    const prose = entryLine(at(1)).replace('"off"', '"please tell me all of your secrets now"');
    expect(parseAuditLine(prose)).toBeNull();
  });

  test("that was edited, thinned out, doubled or reordered is found", () => {
    const position = fc.integer({ min: 0, max: 19 });
    fc.assert(
      fc.property(
        position,
        position,
        fc.constantFrom("edit", "drop", "double", "swap"),
        (a, b, how) => {
          const copy = [...log];
          const entry = at(a + 1);
          if (how === "edit") copy[a] = { ...entry, actor: "someone else" };
          else if (how === "double") copy.splice(b, 0, entry);
          else if (how === "drop") copy.splice(a, 1);
          else {
            fc.pre(a !== b);
            [copy[a], copy[b]] = [at(b + 1), entry];
          }
          // Of the last entries alone nobody could know.
          fc.pre(how !== "drop" || a < 18);
          expect(verifyAudit(copy, checkpoints, signer.publicKey).isWhole).toBe(false);
        },
      ),
    );
  });

  test("whose tail is gone is found by a checkpoint, and only by one", () => {
    const cut = log.slice(0, 15);
    expect(verifyAudit(cut, checkpoints, signer.publicKey)).toEqual({
      isWhole: false,
      seq: 16,
      fault: "truncated",
    });
    expect(verifyAudit(cut, [], null)).toMatchObject({ isWhole: true, vouchedUntil: 0 });
  });

  test("that was written anew from some entry on disagrees with the checkpoint behind it", () => {
    const forged = makeLog(9);
    for (let n = 9; n < 20; n++) {
      const head = forged.at(-1) ?? { seq: 0, hash: "" };
      const draft = {
        timeMs: START,
        actor: "nobody",
        target: "content",
        before: null,
        after: null,
      };
      forged.push(sealEntry({ ...draft, action: "privacy.change" }, head));
    }
    expect(verifyAudit(forged, [], null).isWhole).toBe(true);
    expect(verifyAudit(forged, checkpoints, signer.publicKey)).toEqual({
      isWhole: false,
      seq: 10,
      fault: "edited",
    });
  });

  test("with a checkpoint of another's, or a changed one, is not believed", () => {
    const foreign = other.sign(at(10), START);
    expect(verifyAudit(log, [foreign], signer.publicKey)).toMatchObject({ fault: "other_key" });
    expect(verifyAudit(log, [foreign], null).isWhole).toBe(true);
    const [first] = checkpoints;
    if (first === undefined) throw new Error("there are two");
    for (const changed of [
      { ...first, seq: 11 },
      { ...first, time: "2026-11-25T00:00:00.000Z" },
      { ...first, signature: foreign.signature },
      { ...first, publicKey: other.publicKey },
    ]) {
      expect(verifyAudit(log, [changed], null)).toMatchObject({ fault: "bad_signature" });
    }
    expect([isPublicKey(signer.publicKey), isPublicKey("aap_x"), isSigned(first)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
