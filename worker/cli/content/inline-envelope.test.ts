/** What a trace back end leaves of a long attribute is told from what is damaged. */
import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { plainEnvelope, sealPart } from "../../encryption/seal.ts";
import { type Claims, readInline } from "./inline-envelope.ts";

const random = (size: number) => new Uint8Array(randomBytes(size));
const NOTHING: Claims = { sizeBytes: null, sha256: null };

/** @param recipients boxes of random bytes: nobody opens them here */
function seal(size: number, recipients = 0): Uint8Array {
  const boxes = Array.from({ length: recipients }, (_, i) => ({
    recipientId: i.toString(16).padStart(16, "0").replace(/^0/, "1"),
    sealed: random(80),
  }));
  return sealPart(
    {
      traceId: "0".repeat(31) + "1",
      spanId: "0".repeat(15) + "1",
      field: "input",
      media: "other",
      isCut: false,
      bytes: random(size),
    },
    {
      kid: "ab".repeat(8),
      handle: "cd".repeat(16),
      subjectKey: random(32),
      share: recipients === 0 ? null : { share: random(32), boxes },
      random,
    },
  );
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const stateOf = (value: string, claims = NOTHING) => {
  const content = readInline(value, claims);
  return content.state === "missing" ? content.why : content.state;
};

describe("an envelope in an attribute", () => {
  test("is whole at every size that there is, with and without recipients", () => {
    const sizes = [0, 1, 15, 16, 17, 100, 1_000, 1_396, 4_096, 12_000, 65_520, 65_536, 200_000];
    for (const size of sizes) {
      for (const recipients of [0, 1, 8]) {
        const envelope = seal(size, recipients);
        expect([size, stateOf(text(envelope))]).toEqual([size, "inline"]);
        const claims = { sizeBytes: envelope.length, sha256: null };
        expect(readInline(text(envelope), claims)).toEqual({
          state: "inline",
          envelope,
          ...claims,
        });
      }
    }
  });

  test("is cut where Tempo's default limit cut it, though the span does not say its size", () => {
    for (const recipients of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      const cut = text(seal(5_000, recipients)).slice(0, 2_048);
      expect([recipients, stateOf(cut)]).toEqual([recipients, "cut"]);
    }
  });

  test("is cut wherever it was cut, if the span says its size; and nearly everywhere, if not", () => {
    const envelope = seal(1_500, 1);
    const whole = text(envelope);
    let told = 0;
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      // Without the padding's last characters the bytes are all there.
      const isWhole = Buffer.from(cut, "base64").length === envelope.length;
      const claims = { sizeBytes: envelope.length, sha256: null };
      expect([length, stateOf(cut, claims)]).toEqual([length, isWhole ? "inline" : "cut"]);
      if (stateOf(cut) === "cut") told += 1;
    }
    expect(told / whole.length).toBeGreaterThan(0.97);
  });

  test("is not cut because a byte of it is wrong, or it is longer than it says", () => {
    const envelope = seal(700);
    for (let at = 0; at < envelope.length; at++) {
      const damaged = envelope.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      const isHead = at < 60;
      const state = stateOf(text(damaged));
      // A wrong count of recipients moves everything behind it.
      expect([at, state === "inline" || (isHead && state === "cut")]).toEqual([at, true]);
      expect(stateOf(text(damaged), { sizeBytes: envelope.length, sha256: null })).toBe("inline");
    }
    expect(stateOf(text(envelope), { sizeBytes: envelope.length - 1, sha256: null })).toBe(
      "inline",
    );
  });

  test("in plaintext is left to its hash, and what is no base64 is unreadable", () => {
    const part = {
      traceId: "0".repeat(32),
      spanId: "0".repeat(16),
      field: "output",
      media: "json",
      isCut: false,
      bytes: random(1_000),
    } as const;
    expect(stateOf(text(plainEnvelope(part, "00".repeat(16))))).toBe("inline");
    for (const odd of ["not base64!", "QVJF\n", "Q=Q=", "-_-_"]) {
      expect([odd, stateOf(odd)]).toEqual([odd, "unreadable"]);
    }
    expect(stateOf("")).toBe("cut");
  });
});
