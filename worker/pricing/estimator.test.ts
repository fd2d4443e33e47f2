import { describe, expect, test } from "bun:test";
import { estimateTokens, roughTokens } from "./estimate.ts";
import { createEstimator } from "./estimator.ts";

const TEXT = "How many tokens are there in this sentence, which has some words?";

describe("the estimator", () => {
  test("counts as the tokenizer does, in order and all at once", async () => {
    const estimator = createEstimator();
    const texts = ["", TEXT, TEXT.repeat(50), "日本語のテキスト", "<|endoftext|>"];
    const counted = await Promise.all(texts.map((text) => estimator.count(text)));
    expect(counted).toEqual(await Promise.all(texts.map(estimateTokens)));
    estimator.close();
  });

  test("lets the event loop go on while the tokenizer is loaded", async () => {
    const estimator = createEstimator();
    let longestMs = 0;
    let isDone = false;
    const count = estimator.count(TEXT).finally(() => {
      isDone = true;
    });
    for (let last = performance.now(); !isDone;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }
    expect(await count).toBeGreaterThan(5);
    // Loading it here would take some 400 ms in one go.
    expect(longestMs).toBeLessThan(250);
    estimator.close();
  });

  test("judges by size what its thread could not answer any more", async () => {
    const estimator = createEstimator();
    const count = estimator.count(TEXT);
    estimator.close();
    expect(await count).toBe(roughTokens(TEXT.length));
    expect(await estimator.count(TEXT)).toBe(await estimateTokens(TEXT));
    estimator.close();
  });
});
