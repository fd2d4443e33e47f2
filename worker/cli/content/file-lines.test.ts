import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf, ReadFailure } from "./file-lines.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-lines-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MIB = 1024 * 1024;

function linesOfText(text: string | Uint8Array): string[] {
  const path = join(root, "file");
  writeFileSync(path, text);
  return [...linesOf(path)];
}

describe("the lines of a file", () => {
  test("are those of its text, wherever it is cut for reading", () => {
    const texts = ["", "\n", "a", "a\n", "a\n\nb", "\n\na\r\nb\n", "\uFEFFa\nä€😀"];
    for (const size of [MIB - 2, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7]) {
      texts.push(
        `${"x".repeat(size)}\n${"y".repeat(size)}`,
        `${"x".repeat(size)}\n`,
        `${"x".repeat(size - 1)}€😀\n😀`,
        "x\n".repeat(size / 2),
      );
    }
    for (const text of texts) {
      const expected = text.split("\n");
      // No line begins behind the last end.
      if (expected.at(-1) === "") expected.pop();
      const lines = linesOfText(text);
      expect([text.length, lines.length]).toEqual([text.length, expected.length]);
      expect(lines.every((line, i) => line === expected[i])).toBe(true);
    }
  });

  test("of what is no UTF-8 are lines all the same", () => {
    expect(linesOfText(new Uint8Array([0xff, 0x0a, 0x61, 0xe2]))).toEqual(["\uFFFD", "a\uFFFD"]);
  });

  test("fail in one way, whatever the file system says", () => {
    for (const path of [root, join(root, "nowhere")]) {
      expect(() => [...linesOf(path)]).toThrow(ReadFailure);
    }
  });
});
