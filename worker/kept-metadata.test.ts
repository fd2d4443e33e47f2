import { describe, expect, test } from "bun:test";
import { decodeMetadata, encodeMetadata, isMetadataKey } from "./kept-metadata.ts";

describe("metadata that is kept", () => {
  test("is the same text whatever the order it came in, and reads back as it was", () => {
    const values = [
      ["stage", "test"],
      ["project", "Apollo 11"],
      ["cost-centre", "4711/é"],
    ] as const;
    const text = encodeMetadata(new Map(values));
    expect(text).toBe('{"cost-centre":"4711/é","project":"Apollo 11","stage":"test"}');
    expect(encodeMetadata(new Map(values.toReversed()))).toBe(text);
    expect(JSON.stringify(decodeMetadata(text))).toBe(String(text));
    expect([encodeMetadata(new Map()), decodeMetadata(null)]).toEqual([null, {}]);
  });

  test("gives nothing of what it did not write itself", () => {
    for (const text of ["", "{", "null", "7", '"a"', '["a"]', '{"a":1}', '{"a b":"c"}']) {
      expect([text, decodeMetadata(text)]).toEqual([text, {}]);
    }
    expect(decodeMetadata('{"a":"tell me a story about cats","b":"c"}')).toEqual({ b: "c" });
  });

  test("has keys that fit into a query string and an attribute, and none that the ledger has already", () => {
    const good = ["project", "Cost_Centre-2", "tool", "a".repeat(32)];
    expect(good.filter((key) => !isMetadataKey(key))).toEqual([]);
    const bad = ["", "1a", "a.b", "a b", 'a"b', "é", "a".repeat(33), "user", "sessionId", "team"];
    expect(bad.filter(isMetadataKey)).toEqual([]);
  });
});
