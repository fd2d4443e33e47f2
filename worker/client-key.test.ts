import { describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { createClientKeyId, createClientKeySecret, parseClientKey } from "./client-key.ts";

const zeros = (n: number): Uint8Array => new Uint8Array(n);

describe("a client key", () => {
  test("has a fixed form that a secret scanner can know", () => {
    const body = `ark_${"A".repeat(43)}`;
    // CRC-32 of the body by another program (zlib): 0xafe0c4f5, in base62 3Dh17d.
    expect(createClientKeySecret(zeros)).toBe(`${body}_3Dh17d`);
  });

  test("parses to the SHA-256 of the whole secret and its first six characters", () => {
    for (let i = 0; i < 200; i++) {
      const secret = createClientKeySecret(randomBytes);
      expect(parseClientKey(secret)).toEqual({
        hash: createHash("sha256").update(secret).digest("hex"),
        display: secret.slice(4, 10),
      });
    }
  });

  test("is refused after any one character is changed, dropped or added", () => {
    const secret = createClientKeySecret(randomBytes);
    for (let at = 0; at < secret.length; at++) {
      for (const character of ["", "A", "b", "_", "é", "\n", `${secret[at]}x`]) {
        const changed = secret.slice(0, at) + character + secret.slice(at + 1);
        if (changed !== secret) expect([changed, parseClientKey(changed)]).toEqual([changed, null]);
      }
    }
    expect(parseClientKey(`${secret}\n`)).toBeNull();
    expect(parseClientKey("")).toBeNull();
  });

  test("is refused when two of its characters are swapped", () => {
    const secret = createClientKeySecret(randomBytes);
    for (let at = 4; at < 46; at++) {
      const [a = "", b = ""] = secret.slice(at, at + 2);
      if (a === b) continue;
      expect(parseClientKey(secret.slice(0, at) + b + a + secret.slice(at + 2))).toBeNull();
    }
  });
});

describe("a client key's id", () => {
  test("is key_ and 16 base62 characters", () => {
    for (let i = 0; i < 100; i++) {
      expect(createClientKeyId(randomBytes)).toMatch(/^key_[0-9A-Za-z]{16}$/);
    }
  });

  test("skips the bytes that would make some characters more likely", () => {
    let call = 0;
    const id = createClientKeyId((n) => new Uint8Array(n).fill(call++ === 0 ? 255 : 61));
    expect(id).toBe(`key_${"z".repeat(16)}`);
  });
});
