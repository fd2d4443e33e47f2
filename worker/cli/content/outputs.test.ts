/** What is written is whole or not there, private, and never over anything. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
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
import { utf8Bytes } from "../../bytes.ts";
import { CommandError } from "../failure.ts";
import { openFileOutput, openStandardOutput } from "./outputs.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-outputs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directories = 0;
function freshDirectory(): string {
  const directory = join(root, `d${directories++}`);
  mkdirSync(directory);
  return directory;
}

function failureOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  return "no failure";
}

describe("a file that is written", () => {
  test("has its name only when it is whole, and is for its owner alone from the start", () => {
    const directory = freshDirectory();
    const path = join(directory, "out");
    const output = openFileOutput(path);
    output.write(utf8Bytes("one"));
    output.write(utf8Bytes(""));
    output.write(utf8Bytes("two"));
    expect(existsSync(path)).toBe(false);
    const [draft, ...others] = readdirSync(directory);
    expect([others, statSync(join(directory, draft ?? "")).mode & 0o777]).toEqual([[], 0o600]);
    output.commit();
    output.discard();
    expect(readdirSync(directory)).toEqual(["out"]);
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["onetwo", 0o600]);
  });

  test("leaves nothing if it is discarded, as often as that is said", () => {
    const directory = freshDirectory();
    const output = openFileOutput(join(directory, "out"));
    output.write(utf8Bytes("x"));
    output.discard();
    output.discard();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("does not take the place of a file that came to be in the meantime", () => {
    const directory = freshDirectory();
    const path = join(directory, "out");
    const output = openFileOutput(path);
    output.write(utf8Bytes("new"));
    writeFileSync(path, "mine");
    expect(failureOf(() => output.commit())).toContain("exists already");
    output.discard();
    expect([readdirSync(directory), readFileSync(path, "utf8")]).toEqual([["out"], "mine"]);
  });

  test("fails in words, before anything is read, where it can't be made", () => {
    expect(failureOf(() => openFileOutput(join(root, "nowhere", "out")))).toContain(
      "Is its directory there",
    );
  });
});

describe("standard output", () => {
  test("gets nothing before the end, and all of it once", () => {
    const written: string[] = [];
    const output = openStandardOutput(
      (bytes) => void written.push(new TextDecoder().decode(bytes)),
    );
    output.write(utf8Bytes("a"));
    output.write(utf8Bytes("b"));
    expect(written).toEqual([]);
    output.commit();
    output.commit();
    output.discard();
    expect(written).toEqual(["a", "b"]);
    const other = openStandardOutput(() => void written.push("never"));
    other.write(utf8Bytes("c"));
    other.discard();
    other.commit();
    expect(written).toEqual(["a", "b"]);
  });
});
