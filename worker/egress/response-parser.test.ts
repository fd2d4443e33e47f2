import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ResponseParser } from "./response-parser.ts";

interface Heard {
  readonly status: number | null;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly end: "end" | "malformed" | "cut" | null;
  readonly isReusable: boolean;
}

/** What the parser says of the pieces, and of the peer closing behind them. */
function hear(pieces: readonly string[], closes: boolean, isHead = false): Heard {
  const heard = {
    status: null as number | null,
    headers: [] as Heard["headers"],
    body: "",
    end: null as Heard["end"],
  };
  const parser = new ResponseParser(isHead, {
    head: (status, headers) => Object.assign(heard, { status, headers }),
    data: (chunk) => void (heard.body += Buffer.from(chunk).toString("latin1")),
    end: () => void (heard.end = "end"),
    malformed: () => void (heard.end = "malformed"),
    cut: () => void (heard.end = "cut"),
  });
  for (const piece of pieces) parser.push(new Uint8Array(Buffer.from(piece, "latin1")));
  if (closes) parser.close();
  return { ...heard, isReusable: parser.isReusable };
}

const OK = "HTTP/1.1 200 OK\r\n";
const GOOD: readonly (readonly [string, string, boolean, string, boolean])[] = [
  ["a length", `${OK}Content-Length: 5\r\nX-A:  b \r\n\r\nhello`, false, "hello", true],
  [
    "chunks",
    `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-T: 1\r\n\r\n`,
    false,
    "hello world",
    true,
  ],
  ["no framing but the close", `${OK}\r\nhello`, true, "hello", false],
  ["a length of zero", `${OK}content-length: 0\r\n\r\n`, false, "", true],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", false, "", true],
  [
    "an interim answer first",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
    false,
    "ok",
    true,
  ],
  [
    "connection: close",
    `${OK}content-length: 2\r\nConnection: close\r\n\r\nok`,
    false,
    "ok",
    false,
  ],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", false, "ok", false],
  ["an empty reason", "HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok", false, "ok", true],
];

describe("a response", () => {
  for (const [name, bytes, closes, body, isReusable] of GOOD) {
    test(`with ${name} is read the same however it is cut`, () => {
      const whole = hear([bytes], closes);
      expect(whole).toMatchObject({ body, end: "end", isReusable });
      for (let at = 1; at < bytes.length; at++) {
        expect(hear([bytes.slice(0, at), bytes.slice(at)], closes)).toEqual(whole);
      }
      expect(hear([...bytes], closes)).toEqual(whole);
    });
  }

  test("to HEAD has no body, whatever its length says", () => {
    expect(hear([`${OK}content-length: 99\r\n\r\n`], false, true)).toMatchObject({
      body: "",
      end: "end",
    });
  });

  test("that ends early is cut, wherever it ends", () => {
    for (const bytes of [GOOD[0]?.[1] ?? "", GOOD[1]?.[1] ?? ""]) {
      const bodyAt = bytes.indexOf("\r\n\r\n") + 4;
      for (let at = bodyAt; at < bytes.length; at++) {
        expect(hear([bytes.slice(0, at)], true).end).toBe("cut");
      }
      for (let at = 1; at < bodyAt; at++) {
        expect(hear([bytes.slice(0, at)], true).end).toBe("malformed");
      }
    }
  });

  test("with bytes behind it does not leave the connection for another request", () => {
    expect(hear([`${OK}content-length: 2\r\n\r\nokHTTP/1.1 200`], false)).toMatchObject({
      end: "end",
      isReusable: false,
    });
  });

  const BAD: readonly (readonly [string, string])[] = [
    ["two lengths that differ", `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
    [
      "a length and chunks",
      `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["an unknown coding", `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["a negative length", `${OK}content-length: -1\r\n\r\n`],
    ["a length in hex", `${OK}content-length: 0x5\r\n\r\nhello`],
    ["a folded header", `${OK}x: a\r\n b\r\n\r\n`],
    ["a space before the colon", `${OK}x : a\r\n\r\n`],
    ["a NUL in a header", `${OK}x: a\0b\r\n\r\n`],
    ["a bare CR in a header", `${OK}x: a\rb\r\n\r\n`],
    ["a switch of protocols", "HTTP/1.1 101 Switching\r\n\r\n"],
    ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
    ["a chunk size that is none", `${OK}transfer-encoding: chunked\r\n\r\nxyz\r\n`],
    ["a chunk without its CRLF", `${OK}transfer-encoding: chunked\r\n\r\n2\r\nokXX`],
    ["a head without end", OK + "x: y\r\n".repeat(20_000)],
    ["too many headers", `${OK}${"x: y\r\n".repeat(501)}\r\n`],
    ["no HTTP", "hello\r\n\r\n"],
  ];
  for (const [name, bytes] of BAD) {
    test(`with ${name} is malformed`, () => {
      expect(hear([bytes], false)).toMatchObject({ end: "malformed", isReusable: false });
    });
  }

  test("of any bytes ends in one way, never in an exception", () => {
    const token = fc.constantFrom(
      OK,
      "\r\n",
      "content-length: 3\r\n",
      "transfer-encoding: chunked\r\n",
      "3\r\nabc\r\n",
      "0\r\n",
      ":",
      "x",
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(token, fc.string({ maxLength: 5 })), { maxLength: 12 }),
        (pieces) => {
          const split = hear(
            pieces.filter((piece) => piece !== ""),
            true,
          );
          expect(["end", "malformed", "cut"]).toContain(split.end ?? "none");
          expect(hear([pieces.join("")], true)).toEqual(split);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
