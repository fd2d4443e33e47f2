import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { createMessageReader } from "./framing.ts";

const SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\na\r\n\r\n2\r\nbc\r\n0\r\n\r\n";
const EMPTY = "HTTP/1.1 204 No Content\r\n\r\n";
const NO_CHUNK = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

describe("where a message ends", () => {
  for (const message of [SIZED, CHUNKED, EMPTY, NO_CHUNK]) {
    test(`is found wherever the bytes are cut: ${JSON.stringify(message.slice(0, 60))}`, () => {
      const bytes = Buffer.from(message, "latin1");
      for (let a = 0; a <= bytes.length; a++) {
        for (let b = a; b <= bytes.length; b++) {
          const reader = createMessageReader(true);
          const pieces = [bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)];
          const states = pieces
            .filter((piece) => piece.length > 0)
            .map((piece) => reader.push(piece));
          const last = states.pop();
          expect(states.every((framing) => framing.state === "more")).toBe(true);
          expect(last?.state === "done" && last.body?.toString()).toBe(
            message.slice(message.indexOf("\r\n\r\n") + 4),
          );
        }
      }
    });
  }

  test("is followed by the next message's begin on the same connection", () => {
    const reader = createMessageReader(false);
    for (const message of [CHUNKED, SIZED, EMPTY, SIZED]) {
      const framing = reader.push(Buffer.from(message));
      expect(framing.state === "done" && framing.head.line).toBe(message.split("\r\n")[0] ?? "");
    }
  });
});
