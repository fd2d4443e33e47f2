import { afterEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
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
});
