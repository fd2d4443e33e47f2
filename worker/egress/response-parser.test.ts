import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ResponseParser } from "./response-parser.ts";

interface Heard {
  readonly status: number | null;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly end: "end" | "malformed" | "cut" | null;
  readonly isReusable: boolean;
}

/** What the parser says of the pieces, and of the connection's end behind them. */
function hear(pieces: readonly string[], closes: boolean | "reset", isHead = false): Heard {
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
  if (closes !== false) parser.close(closes !== "reset");
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
  ["a length written with zeros", `${OK}content-length: 000\r\n\r\n`, false, "", true],
  [
    "the same length twice",
    `${OK}content-length: 2\r\nContent-Length: 2\r\n\r\nok`,
    false,
    "ok",
    true,
  ],
  [
    "chunks whose sizes have zeros, capitals and blanks",
    `${OK}transfer-encoding: Chunked\r\n\r\n0A\r\n0123456789\r\n00000000000b \t;x="y"\r\n0123456789a\r\n0\r\n\r\n`,
    false,
    "01234567890123456789a",
    true,
  ],
  [
    "chunks that no connection outlives",
    `${OK}transfer-encoding: chunked\r\nconnection: x, Close\r\n\r\n0\r\n\r\n`,
    false,
    "",
    false,
  ],
  ["304 and a length", "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", false, "", true],
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

  test("that is reset is cut, also where its framing is the close", () => {
    expect(hear([`${OK}\r\nhello`], "reset")).toMatchObject({ body: "hello", end: "cut" });
    expect(hear([`${OK}\r\nhello`], true)).toMatchObject({ body: "hello", end: "end" });
  });

  test("has its values without the blanks around them, and with all else", () => {
    const heard = hear(
      [`${OK}A: \t b c \t\r\nx-n: \xa0y\xa0\r\nempty:\r\ncontent-length: 0\r\n\r\n`],
      false,
    );
    expect(heard.headers).toEqual([
      ["a", "b c"],
      ["x-n", "\xa0y\xa0"],
      ["empty", ""],
      ["content-length", "0"],
    ]);
  });

  test("says with its head whether a body follows", () => {
    const bodies: boolean[] = [];
    for (const [bytes, isHead] of [
      [`${OK}content-length: 1\r\n\r\n`, false],
      [`${OK}\r\n`, false],
      [`${OK}content-length: 0\r\n\r\n`, false],
      [`${OK}content-length: 1\r\n\r\n`, true],
      ["HTTP/1.1 204 No\r\n\r\n", false],
    ] as const) {
      const nothing = () => undefined;
      const events = { data: nothing, end: nothing, malformed: nothing, cut: nothing };
      const head = (_: number, __: unknown, hasBody: boolean) => void bodies.push(hasBody);
      new ResponseParser(isHead, { ...events, head }).push(new Uint8Array(Buffer.from(bytes)));
    }
    expect(bodies).toEqual([true, true, false, false, false]);
  });

  test("hands on views of what was read, and each at once", () => {
    const bytes = new Uint8Array(Buffer.from(`${OK}content-length: 10\r\n\r\nhello`));
    const heard: Uint8Array[] = [];
    const nothing = () => undefined;
    const parser = new ResponseParser(false, {
      head: nothing,
      data: (chunk) => void heard.push(chunk),
      end: nothing,
      malformed: nothing,
      cut: nothing,
    });
    parser.push(bytes);
    expect(heard.map((chunk) => chunk.length)).toEqual([5]);
    expect(heard[0]?.buffer).toBe(bytes.buffer);
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
    ["a bare CR at a header's end", `${OK}x: a\r\r\n\r\n`],
    ["a bare CR at the status line's end", "HTTP/1.1 200 OK\r\r\n\r\n"],
    ["a bare line feed", `${OK}x: a\ny: b\r\n\r\n`],
    ["a folded header with a colon", `${OK}x: a\r\n y: b\r\n\r\n`],
    ["a header without a name", `${OK}: a\r\n\r\n`],
    ["a header without a colon", `${OK}x\r\n\r\n`],
    ["a list of lengths", `${OK}content-length: 2, 2\r\n\r\nok`],
    ["an empty length", `${OK}content-length:\r\n\r\n`],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    [
      "two codings in two lines",
      `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["interim answers without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(5_000)],
    [
      "trailers without end",
      `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${"x: y\r\n".repeat(20_000)}`,
    ],
    [
      "a chunk size beyond measure",
      `${OK}transfer-encoding: chunked\r\n\r\n${"0".repeat(30)}1\r\na\r\n0\r\n\r\n`,
    ],
    [
      "a chunk extension beyond measure",
      `${OK}transfer-encoding: chunked\r\n\r\n1;${"x".repeat(2000)}\r\n`,
    ],
    [
      "a size line with a blank in the place of its CR",
      `${OK}transfer-encoding: chunked\r\n\r\n2 \nok\r\n0\r\n\r\n`,
    ],
    [
      "a size line ended by a line feed alone",
      `${OK}transfer-encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n`,
    ],
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
