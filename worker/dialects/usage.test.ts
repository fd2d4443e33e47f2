/** What counts as a provider's report of usage, in each dialect: what does not is estimated, instead of costing nothing. */
import { describe, expect, test } from "bun:test";
import { WIRES } from "./index.ts";

const COUNTS = {
  chat: ["prompt_tokens", "completion_tokens"],
  completions: ["prompt_tokens", "completion_tokens"],
  responses: ["input_tokens", "output_tokens"],
  messages: ["input_tokens", "output_tokens"],
} as const;

for (const endpoint of ["chat", "completions", "responses", "messages"] as const) {
  const [input, output] = COUNTS[endpoint];
  const usageOf = (usage: unknown) => WIRES[endpoint].readAnswer({ usage }).usage;

  describe(`usage of ${endpoint}`, () => {
    test("is what has a count", () => {
      expect(usageOf({ [input]: 3, [output]: 4 })).toMatchObject({
        inputTokens: 3,
        outputTokens: 4,
      });
      expect(usageOf({ [input]: 0, [output]: 0 })).toMatchObject({
        inputTokens: 0,
        outputTokens: 0,
      });
      expect(usageOf({ [input]: null, [output]: 4 })).toMatchObject({ outputTokens: 4 });
    });

    const NONE: readonly unknown[] = [
      undefined,
      null,
      "3",
      [3],
      {},
      { tokens: 3 },
      { [input]: null, [output]: null },
      { [input]: "3", [output]: "4" },
      { [input]: -3, [output]: 4 },
      { [input]: 1e30, [output]: 4 },
    ];
    for (const usage of NONE) {
      test(`is not ${JSON.stringify(usage)}`, () => {
        expect(usageOf(usage)).toBeNull();
      });
    }
  });
}
