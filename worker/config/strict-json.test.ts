import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Json, JsonFault, parseStrictJson } from "./strict-json.ts";

/** Maps become plain objects, so that the result can be compared with `JSON.parse`. */
function toPlain(value: Json): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, toPlain(member)]));
  }
  return value;
}

function outcome(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch {
    return "refused";
  }
}

describe("parseStrictJson", () => {
  test("reads every JSON text as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        expect(toPlain(parseStrictJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test("refuses what JSON.parse refuses, after any one character is changed", () => {
    const text = '{"a":[1,-2.5e3,"x\\n\\u00e9"],"b":{"c":null,"d":true},"e":false}';
    for (let at = 0; at < text.length; at++) {
      for (const character of ["", "}", ",", '"', "0", "\\", "\t", "x", "\n"]) {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const expected = outcome(() => JSON.parse(changed));
        expect([changed, outcome(() => toPlain(parseStrictJson(changed)))]).toEqual([
          changed,
          expected,
        ]);
      }
    }
  });

  test("refuses a duplicate key, also one spelled with an escape", () => {
    expect(() => parseStrictJson('{"a":1,"a":2}')).toThrow("same key twice at line 1, column 8");
    expect(() => parseStrictJson('{"a":1,"\\u0061":2}')).toThrow("same key twice");
  });

  test("keeps the text's order for keys that look like numbers", () => {
    const value = parseStrictJson('{"b":1,"2":1,"1":1,"__proto__":1}');
    expect(value instanceof Map ? [...value.keys()] : null).toEqual(["b", "2", "1", "__proto__"]);
  });

  test("says where the fault is and quotes nothing", () => {
    const text = '{\n  "api_key": sk-secret\n}';
    try {
      parseStrictJson(text);
      throw new Error("was accepted");
    } catch (error) {
      expect(error).toBeInstanceOf(JsonFault);
      expect(String(error)).toContain("line 2, column 14");
      expect(String(error)).not.toContain("secret");
    }
  });

  test("refuses deep nesting instead of exhausting the stack", () => {
    expect(() => parseStrictJson("[".repeat(100_000))).toThrow("nested too deeply");
  });
});
