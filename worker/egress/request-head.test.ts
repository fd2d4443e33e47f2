import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { encodeRequest, type RequestParts } from "./request-head.ts";

function encode(parts: Partial<RequestParts> = {}): Uint8Array[] {
  return encodeRequest({
    method: "POST",
    host: "api.example",
    pathAndQuery: "/v1/x?y=1",
    headers: [],
    body: [],
    ...parts,
  });
}

const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString("latin1");

describe("a request", () => {
  test("is one write of head and body while it is small", () => {
    const pieces = encode({
      headers: [["x-a", "b"]],
      body: [Buffer.from("he"), Buffer.from("llo")],
    });
    expect(pieces).toHaveLength(1);
    expect(text(pieces)).toBe(
      "POST /v1/x?y=1 HTTP/1.1\r\nhost: api.example\r\nx-a: b\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
    );
  });

  test("of a large body is made of views on the caller's bytes, not of copies", () => {
    const body = Buffer.alloc(200_000, 65);
    const [, ...slices] = encode({ body: [body] });
    expect(slices.every((slice) => slice.buffer === body.buffer)).toBe(true);
    expect(Buffer.concat(slices).equals(body)).toBe(true);
    expect(Math.max(...slices.map((slice) => slice.length))).toBeLessThanOrEqual(64 * 1024);
  });

  test("has a length if it is a POST, and none if it is a GET without a body", () => {
    expect(text(encode())).toContain("\r\ncontent-length: 0\r\n");
    expect(text(encode({ method: "GET" }))).not.toContain("content-length");
  });

  test("takes nothing about the connection or the frame from a caller, however it is spelled", () => {
    const names = ["Host", "content-LENGTH", "transfer-encoding", "connection", "upgrade", "te"];
    const sent = text(encode({ headers: names.map((name) => [name, "evil"] as const) }));
    expect(sent).not.toContain("evil");
  });

  test("keeps Latin-1 as it is", () => {
    expect(text(encode({ headers: [["x", "caf\xe9\t!"]] }))).toContain("x: caf\xe9\t!\r\n");
  });

  const BAD: readonly (readonly [string, Partial<RequestParts>])[] = [
    ["a CRLF in a value", { headers: [["x", "a\r\nb: c"]] }],
    ["a line feed in a value", { headers: [["x", "a\nb"]] }],
    ["a carriage return in a value", { headers: [["x", "a\rb"]] }],
    ["a NUL in a value", { headers: [["x", "a\0"]] }],
    ["a character beyond Latin-1 in a value", { headers: [["x", "\u{10d}"]] }],
    ["a line feed in a name", { headers: [["x\n", "a"]] }],
    ["a colon in a name", { headers: [["x:", "a"]] }],
    ["an empty name", { headers: [["", "a"]] }],
    ["a name beyond ASCII", { headers: [["\xe9", "a"]] }],
    ["a line end in the path", { pathAndQuery: "/a HTTP/1.1\r\nx: y" }],
    ["a blank in the path", { pathAndQuery: "/a b" }],
    ["a path beyond ASCII", { pathAndQuery: "/\xe9" }],
    ["another host as its path", { pathAndQuery: "http://evil.example/" }],
    ["no path", { pathAndQuery: "" }],
    ["a blank in the method", { method: "GET /" }],
  ];
  for (const [name, parts] of BAD) {
    test(`with ${name} is refused`, () => {
      expect(() => encode(parts)).toThrow("upstream refused");
    });
  }
});
