import { describe, expect, test } from "bun:test";
import { encodeKeyExport, parseKeyExport, type KeyExport } from "./key-export.ts";

const KEYS: KeyExport = {
  madeAtMs: Date.parse("2026-11-24T10:00:00Z"),
  subjects: [{ handle: "ab".repeat(16), kid: "cd".repeat(8), wrapped: new Uint8Array(60).fill(7) }],
  erased: [{ handle: "ef".repeat(16), erasedAtMs: 5 }],
};

describe("a key export", () => {
  test("is read as it was written", () => {
    expect(parseKeyExport(encodeKeyExport(KEYS))).toEqual(KEYS);
  });

  test("that is wrong is refused by the member's name, and never quoted", () => {
    const good = JSON.parse(encodeKeyExport(KEYS));
    const bad: readonly (readonly [string, string])[] = [
      ["no JSON", "secret words"],
      ["object", "[1]"],
      ["format", JSON.stringify({ ...good, format: "secret" })],
      ["version", JSON.stringify({ ...good, version: 2 })],
      ["made_at", JSON.stringify({ ...good, made_at: "secret" })],
      ["subjects", JSON.stringify({ ...good, subjects: "secret" })],
      ["subjects[0]", JSON.stringify({ ...good, subjects: ["secret"] })],
      [
        "subjects[0].handle",
        JSON.stringify({ ...good, subjects: [{ ...good.subjects[0], handle: "secret" }] }),
      ],
      [
        "subjects[0].wrapped",
        JSON.stringify({ ...good, subjects: [{ ...good.subjects[0], wrapped: "AAAA" }] }),
      ],
      [
        "erased[0].erased_at",
        JSON.stringify({ ...good, erased: [{ ...good.erased[0], erased_at: 1 }] }),
      ],
    ];
    for (const [named, text] of bad) {
      let message = "";
      try {
        parseKeyExport(text);
      } catch (error) {
        message = error instanceof Error ? error.message : "";
      }
      expect([named, message.includes(named), message.includes("secret")]).toEqual([
        named,
        true,
        false,
      ]);
    }
  });
});
