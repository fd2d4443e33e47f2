import { describe, expect, test } from "bun:test";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { estimateTokens, pieceEnd, roughTokens } from "./estimate.ts";

const PROSE = "The quick brown fox jumps over the lazy dog, and nobody knows why it does that. ";
const exactly = (text: string): number => countTokens(text, { disallowedSpecial: new Set() });

describe("estimateTokens", () => {
  test("counts a short text exactly", async () => {
    for (const text of ["Hello, world!", PROSE, "早上好", "const a = 1;\n", "😀"]) {
      expect([text, await estimateTokens(text)]).toEqual([text, exactly(text)]);
    }
    expect(await estimateTokens("")).toBe(0);
  });

  test("stays within 2 % of the exact count for a text of many pieces", async () => {
    const text = PROSE.repeat(600);
    const exact = exactly(text);
    expect(Math.abs((await estimateTokens(text)) - exact)).toBeLessThan(exact * 0.02);
  });

  test("infers the rest of a text that is longer than what it reads", async () => {
    const text = PROSE.repeat(10_000);
    const expected = (exactly(PROSE.repeat(100)) * 10_000) / 100;
    expect(Math.abs((await estimateTokens(text)) - expected)).toBeLessThan(expected * 0.02);
  });

  test("reads a long text evenly, not its beginning alone", async () => {
    const prose = PROSE.repeat(2_000);
    const blank = " ".repeat(prose.length);
    const apart = (await estimateTokens(prose)) + (await estimateTokens(blank));
    const together = await estimateTokens(blank + prose);
    expect(Math.abs(together - apart)).toBeLessThan(apart * 0.05);
  });

  test("takes special tokens for text", async () => {
    const text = "<|endoftext|> and <|im_start|>";
    expect(await estimateTokens(text)).toBe(exactly(text));
    expect(await estimateTokens(text)).toBeGreaterThan(6);
  });

  test("gives the event loop a turn between pieces, also of text without a space", async () => {
    for (const text of ["a".repeat(65_536), "早".repeat(20_000), "=".repeat(65_536)]) {
      let turns = 0;
      let isDone = false;
      const turn = (): void => {
        turns += 1;
        if (!isDone) setImmediate(turn);
      };
      setImmediate(turn);
      const tokens = await estimateTokens(text);
      isDone = true;
      expect(tokens).toBeGreaterThan(0);
      expect(turns).toBeGreaterThan(100);
    }
  });

  test("runs estimates one after another", async () => {
    const order: number[] = [];
    const long = estimateTokens(PROSE.repeat(100)).then(() => order.push(1));
    const short = estimateTokens("hello").then(() => order.push(2));
    await Promise.all([long, short]);
    expect(order).toEqual([1, 2]);
  });

  test("survives broken surrogates and control characters", async () => {
    expect(await estimateTokens("\ud800\u0000\udc00".repeat(500))).toBeGreaterThan(100);
  });
});

describe("pieceEnd", () => {
  test("never ends inside a surrogate pair, and always moves on", () => {
    for (const text of ["😀".repeat(2_000), `x${"😀".repeat(2_000)}`, "a".repeat(2_000)]) {
      for (let from = 0; from < text.length;) {
        const end = pieceEnd(text, from, text.length);
        expect(end).toBeGreaterThan(from);
        expect(end - from).toBeLessThanOrEqual(512);
        expect(/^[\udc00-\udfff]/.test(text.slice(end))).toBe(false);
        from = end;
      }
    }
  });

  test("leaves a space to the word behind it", () => {
    const text = PROSE.repeat(20);
    expect(text[pieceEnd(text, 0, text.length)]).toBe(" ");
  });
});

test("roughTokens errs upwards for prose", () => {
  expect(roughTokens(0)).toBe(0);
  expect(roughTokens(1)).toBe(1);
  expect(roughTokens(PROSE.length * 100)).toBeGreaterThan(exactly(PROSE.repeat(100)));
});
