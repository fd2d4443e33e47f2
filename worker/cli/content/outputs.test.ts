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
import { openDirectoryOutput, openFileOutput, openStandardOutput } from "./outputs.ts";

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
    output.write(utf8Bytes("one"), "name");
    output.write(utf8Bytes(""), "name");
    output.write(utf8Bytes("two"), "name");
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
    output.write(utf8Bytes("x"), "name");
    output.discard();
    output.discard();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("does not take the place of a file that came to be in the meantime", () => {
    const directory = freshDirectory();
    const path = join(directory, "out");
    const output = openFileOutput(path);
    output.write(utf8Bytes("new"), "name");
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

describe("a directory that is written", () => {
  test("has its name only when all of it is there, for its owner alone", () => {
    const directory = freshDirectory();
    const path = join(directory, "out");
    const output = openDirectoryOutput(path);
    output.write(utf8Bytes("1"), "one");
    output.write(utf8Bytes("2"), "two");
    expect(existsSync(path)).toBe(false);
    expect(failureOf(() => output.write(utf8Bytes("3"), "two"))).toContain("not be written whole");
    output.commit();
    output.discard();
    expect([readdirSync(directory), readdirSync(path).sort()]).toEqual([["out"], ["one", "two"]]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, "one")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(path, "two"), "utf8")).toBe("2");
  });

  test("leaves nothing if it is discarded, and takes no place that is taken", () => {
    const directory = freshDirectory();
    const path = join(directory, "out");
    const output = openDirectoryOutput(path);
    output.write(utf8Bytes("1"), "one");
    mkdirSync(path);
    expect(failureOf(() => output.commit())).toContain("exists already");
    output.discard();
    expect([readdirSync(directory), readdirSync(path)]).toEqual([["out"], []]);
    expect(failureOf(() => openDirectoryOutput(join(root, "nowhere", "out")))).toContain(
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
    output.write(utf8Bytes("a"), "name");
    output.write(utf8Bytes("b"), "name");
    expect(written).toEqual([]);
    output.commit();
    output.commit();
    output.discard();
    expect(written).toEqual(["a", "b"]);
    const other = openStandardOutput(() => void written.push("never"));
    other.write(utf8Bytes("c"), "name");
    other.discard();
    other.commit();
    expect(written).toEqual(["a", "b"]);
  });
});
