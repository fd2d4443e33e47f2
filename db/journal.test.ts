import { afterEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "./journal.ts";
import type { OpenAttempt } from "./store.ts";

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function makeDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "anyray-journal-"));
  dirs.push(dir);
  return join(dir, "attempts");
}

function attempt(traceId: string): OpenAttempt {
  return {
    timeMs: 1_700_000_000_000,
    traceId,
    attempt: 1,
    session: null,
    user: "jürgen",
    team: null,
    attribution: "header",
    keyId: "key_1",
    credential: "managed",
    endpoint: "chat",
    dialect: "openai-chat",
    provider: "demo",
    modelRequested: "demo",
    modelUpstream: "demo",
    stream: true,
    contentMode: "encrypted",
    callerSpan: null,
    metadata: '{"project":"apollo"}',
    inputTokens: 12,
  };
}

describe("the open-attempt journal", () => {
  test("gives an attempt that was left open to the next process, member by member", async () => {
    const dir = makeDir();
    openJournal(dir).open(attempt("a"));
    const next = openJournal(dir);
    const { attempts, done } = await next.recover();
    expect(attempts).toEqual([attempt("a")]);
    await done();
    expect((await openJournal(dir).recover()).attempts).toEqual([]);
  });

  test("reads the lines of gateways that wrote fewer members", async () => {
    const dir = makeDir();
    openJournal(dir).open({ ...attempt("a"), contentMode: null, callerSpan: null, metadata: null });
    const [name = ""] = readdirSync(dir);
    const members: unknown[] = JSON.parse(readFileSync(join(dir, name), "utf8"));
    const lines = [0, 1, 2, 3, 4].map((less) =>
      JSON.stringify(members.slice(0, members.length - less)),
    );
    writeFileSync(join(dir, name), lines.join("\n"));
    const { attempts } = await openJournal(dir).recover();
    // Two less was never written, nor four.
    expect(attempts).toEqual(
      new Array(3).fill({ ...attempt("a"), contentMode: null, callerSpan: null, metadata: null }),
    );
  });

  test("gives out again what a recovery did not finish", async () => {
    const dir = makeDir();
    openJournal(dir).open(attempt("a"));
    await openJournal(dir).recover();
    expect((await openJournal(dir).recover()).attempts).toHaveLength(1);
  });

  test("leaves no file behind when everything is closed", () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    journal.close(journal.open(attempt("a")));
    journal.closeFiles();
    expect(readdirSync(dir)).toEqual([]);
  });

  test("keeps an open attempt when the process ends", async () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    journal.close(journal.open(attempt("a")));
    journal.open(attempt("b"));
    journal.closeFiles();
    const { attempts } = await openJournal(dir).recover();
    expect(attempts.map((each) => each.traceId)).toContain("b");
  });

  test("reads past a torn line and garbage", async () => {
    const dir = makeDir();
    openJournal(dir).open(attempt("a"));
    const [name] = readdirSync(dir);
    appendFileSync(join(dir, name ?? ""), 'garbage\n{"x":1}\n[1,2]\n[170,"tor');
    expect((await openJournal(dir).recover()).attempts.map((each) => each.traceId)).toEqual(["a"]);
  });

  test("does not grow while attempts are closed", () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    // About 12 MB of lines: three segments, of which the finished ones must be gone.
    for (let i = 0; i < 60_000; i++) journal.close(journal.open(attempt("a".repeat(32))));
    expect(readdirSync(dir)).toHaveLength(1);
  });

  test("keeps a full segment as long as one of its attempts is open", () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    const oldest = journal.open(attempt("oldest"));
    for (let i = 0; i < 40_000; i++) journal.close(journal.open(attempt("a".repeat(32))));
    const before = readdirSync(dir).length;
    journal.close(oldest);
    expect(readdirSync(dir)).toHaveLength(before - 1);
  });

  test("stays within a bound beside attempts that never end, and keeps all of them", async () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    const lasting: string[] = [];
    // About 60 MB of lines, with a lasting attempt in every segment.
    for (let i = 0; i < 300_000; i++) {
      if (i % 10_000 === 0) {
        const name = `lasting-${i}`;
        lasting.push(name);
        journal.open(attempt(name));
      } else {
        journal.close(journal.open(attempt("a".repeat(32))));
      }
    }
    const bytes = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
    expect(bytes).toBeLessThan(40 * 1024 * 1024);
    const { attempts } = await openJournal(dir).recover();
    const names = new Set(attempts.map((each) => each.traceId));
    expect(lasting.filter((name) => !names.has(name))).toEqual([]);
  });

  test("closes an attempt that was written once more", () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    const lasting: number[] = [];
    for (let i = 0; i < 300_000; i++) {
      const slot = journal.open(attempt("a".repeat(32)));
      if (i % 10_000 === 0) lasting.push(slot);
      else journal.close(slot);
    }
    for (const slot of lasting) journal.close(slot);
    expect(readdirSync(dir)).toHaveLength(1);
    journal.closeFiles();
    expect(readdirSync(dir)).toEqual([]);
  });

  test("throws where it can't write, and goes on when it can", async () => {
    const dir = makeDir();
    const journal = openJournal(dir);
    rmSync(dir, { recursive: true });
    expect(() => journal.open(attempt("a"))).toThrow();
    mkdirSync(dir);
    journal.open(attempt("b"));
    const { attempts } = await openJournal(dir).recover();
    expect(attempts.map((each) => each.traceId)).toEqual(["b"]);
  });

  test("is not harmed by a slot that it never gave out", () => {
    const journal = openJournal(makeDir());
    journal.close(12_345);
    expect(journal.open(attempt("a"))).toBeGreaterThan(0);
  });
});
