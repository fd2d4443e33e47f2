/** What is reserved for pictures and files that a request only names. */
import { expect, test } from "bun:test";
import { namedInputTokens } from "./named-input.ts";

const EACH = 4_096;
const URL = "https://pictures.example/one.png";
const DATA = "data:image/png;base64,AAAA";
const chat = (...content: object[]) => ({ messages: [{ role: "user", content }] });
const responses = (...content: object[]) => ({ input: [{ role: "user", content }] });

for (const [what, body, count] of [
  ["text alone", chat({ type: "text", text: URL }), 0],
  ["a picture that comes along", chat({ type: "image_url", image_url: { url: DATA } }), 0],
  ["a picture at an address", chat({ type: "image_url", image_url: { url: URL } }), 1],
  ["a file by its id", chat({ type: "file", file: { file_id: "file-1" } }), 1],
  ["a file that comes along", chat({ type: "file", file: { file_data: DATA } }), 0],
  ["a picture for the Responses API", responses({ type: "input_image", image_url: URL }), 1],
  ["one in its files", responses({ type: "input_image", file_id: "file-1" }), 1],
  ["a document for it", responses({ type: "input_file", file_url: URL }), 1],
  ["a picture for Anthropic", chat({ type: "image", source: { type: "url", url: URL } }), 1],
  ["a document in its files", chat({ type: "document", source: { file_id: "file_1" } }), 1],
  ["one that comes along", chat({ type: "image", source: { type: "base64", data: "AAAA" } }), 0],
  [
    "one within a tool's result",
    chat({ type: "tool_result", content: [{ type: "image", source: { type: "url", url: URL } }] }),
    1,
  ],
  [
    "two",
    chat(
      { type: "image_url", image_url: { url: URL } },
      { type: "image_url", image_url: { url: URL } },
    ),
    2,
  ],
  ["an address elsewhere", { metadata: { type: "image", url: URL }, messages: "hi" }, 0],
] as const) {
  test(`${what}: ${count}`, () => expect(namedInputTokens(body)).toBe(count * EACH));
}

test("a body of any depth is counted", () => {
  let body: object = { type: "image", source: { url: URL } };
  for (let depth = 0; depth < 200_000; depth++) body = { content: body };
  expect(namedInputTokens({ messages: body })).toBe(EACH);
});
