/** The gateway's own look at its log: whole, and with each fault that one can have. */
import { expect, test } from "bun:test";
import type { AuditRecord } from "../../../db/store.ts";
import { GENESIS } from "../../audit/chain.ts";
import { createSigner } from "../../audit/checkpoint.ts";
import { sealEntry } from "../../audit/entry.ts";
import { verifyLog } from "./audit-check.ts";

/** More than one page. */
const ENTRIES = 450;
const signer = createSigner("07".repeat(32));

function makeLog(): AuditRecord[] {
  const log: AuditRecord[] = [];
  for (let index = 0; index < ENTRIES; index++) {
    const target = `key-${index}`;
    const facts = { timeMs: index, actor: "ann", target, before: null, after: null };
    log.push(sealEntry({ ...facts, action: "key.create" }, log.at(-1) ?? GENESIS));
  }
  return log;
}

const log = makeLog();
const [first, middle] = [log[0], log[299]];
if (first === undefined || middle === undefined) throw new Error("the log is too short");
const checkpoint = signer.sign(middle, 0);

const check = (entries: readonly AuditRecord[], checkpoints = [checkpoint]) =>
  verifyLog({
    checkpoints: { all: () => checkpoints },
    store: {
      audit: {
        after: async (seq: number, limit: number) =>
          entries.filter((entry) => entry.seq > seq).slice(0, limit),
      },
    },
  });

test("a whole log is whole, with a head and what a checkpoint vouches for", async () => {
  expect(await check(log)).toEqual({
    is_whole: true,
    entries: ENTRIES,
    head: log.at(-1)?.hash ?? "",
    checkpoints: 1,
    vouched_until: 300,
    fault: null,
    fault_seq: null,
  });
  expect(await check([], [])).toMatchObject({ is_whole: true, entries: 0 });
});

test("each fault is named, with the entry where it shows", async () => {
  const edited = log.map((entry) => (entry.seq === 250 ? { ...entry, actor: "eve" } : entry));
  const without = log.filter(({ seq }) => seq !== 250);
  for (const [entries, checkpoints, fault, seq] of [
    [edited, [checkpoint], "edited", 250],
    [without, [checkpoint], "out_of_order", 251],
    [log.slice(0, 200), [checkpoint], "truncated", 201],
    [log, [{ ...checkpoint, hash: first.hash }], "bad_signature", 300],
    [log, [signer.sign({ seq: 300, hash: first.hash }, 0)], "edited", 300],
  ] as const) {
    const verdict = await check(entries, [...checkpoints]);
    expect([verdict.is_whole, verdict.fault, verdict.fault_seq]).toEqual([false, fault, seq]);
  }
});
