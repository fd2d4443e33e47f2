/** Lists as people type them. */
import { expect, test } from "bun:test";
import { parsePairs, parseWords } from "./words.ts";

test("names are divided by commas, spaces and lines, in any number", () => {
  expect(parseWords(" openai/*,gpt-5\r\n\n demo/demo , ")).toEqual([
    "openai/*",
    "gpt-5",
    "demo/demo",
  ]);
  expect(parseWords(" ,\n")).toEqual([]);
});

test("pairs are divided at the first colon; a name without a value asks to be taken away", () => {
  expect(parsePairs("X-One: a:b \r\n\nx-two:\nx-three")).toEqual({
    "X-One": "a:b",
    "x-two": null,
    "x-three": null,
  });
  expect(parsePairs("")).toEqual({});
});
