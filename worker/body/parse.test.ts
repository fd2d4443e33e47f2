import { describe, expect, test } from "bun:test";
import { GatewayError } from "../errors.ts";
import { parseJsonBody } from "./parse.ts";

function codeOf(text: string): string {
  try {
    parseJsonBody(Buffer.from(text));
    return "good";
  } catch (error) {
    return error instanceof GatewayError ? error.code : "another error";
  }
}

describe("a body that is intricate", () => {
  const INTRICATE: readonly (readonly [string, string])[] = [
    ["lists in lists", `{"model":"m","x":${"[".repeat(600_000)}${"]".repeat(600_000)}}`],
    ["objects in objects", `{"x":${'{"a":'.repeat(300_000)}1${"}".repeat(300_000)}}`],
    ["members", `{${Array.from({ length: 600_000 }, (_, n) => `"k${n}":1`).join()}}`],
    ["what is no JSON", "[".repeat(600_000)],
  ];
  for (const [what, text] of INTRICATE) {
    test(`by ${what} is refused before it is parsed`, () => {
      expect(codeOf(text)).toBe("invalid_request");
    });
  }

  test("is not one that is long: texts, pictures and lists of tokens pass", () => {
    const code = '{\\"a\\": [1, {\\"b\\": 2}]}'.repeat(60_000);
    expect(codeOf(`{"content":"${code}"}`)).toBe("good");
    expect(codeOf(`{"input":[${"1,".repeat(2_000_000)}1]}`)).toBe("good");
    const message = '{"role":"user","content":[{"type":"text","text":"hi"}]}';
    expect(codeOf(`{"messages":[${Array(50_000).fill(message).join()}]}`)).toBe("good");
  });
});
