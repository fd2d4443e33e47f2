import { describe, expect, test } from "bun:test";
import { gcm } from "@noble/ciphers/aes.js";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createKeyring, keyId } from "./keyring.ts";
import { hkdf } from "./vectors/hkdf.ts";

const KEY = "11".repeat(32);
const NEXT_KEY = "22".repeat(32);
const random = (size: number) => new Uint8Array(randomBytes(size));
const PLACE = { provider: "acme", origin: "https://api.acme.example" };
const PLAIN = new TextEncoder().encode('{"api_key":"sk-1"}');

describe("sealed credentials", () => {
  test("are as SPEC.md says, byte by byte, told by other hands", () => {
    const { kid, bytes } = createKeyring(KEY, []).sealCredentials(PLACE, PLAIN, random);
    const label = Buffer.from("anyray/provider-credential/v1");
    const key = hkdf(Buffer.from(KEY, "hex"), new Uint8Array(), label, 32);
    const sized = (text: string) => [Buffer.of(0, text.length), Buffer.from(text)];
    const associated = Buffer.concat([
      label,
      Buffer.from(keyId(KEY), "hex"),
      ...sized("acme"),
      ...sized("https://api.acme.example"),
    ]);
    expect(kid).toBe(keyId(KEY));
    const opened = gcm(key, bytes.subarray(0, 12), associated).decrypt(bytes.subarray(12));
    expect(Buffer.from(opened)).toEqual(Buffer.from(PLAIN));
  });

  test("open under a former master key, for their own provider at its own place alone", () => {
    const sealed = createKeyring(KEY, []).sealCredentials(PLACE, PLAIN, random);
    const both = createKeyring(NEXT_KEY, [KEY]);
    expect(both.openCredentials(PLACE, sealed)).toEqual(PLAIN);
    for (const place of [
      { ...PLACE, provider: "other" },
      { ...PLACE, origin: "https://api.evil.example" },
      { provider: "acmehttps:", origin: "//api.acme.example" },
    ]) {
      expect(() => both.openCredentials(place, sealed)).toThrow("damaged");
    }
    const code = (given: typeof sealed) => {
      try {
        createKeyring(NEXT_KEY, []).openCredentials(PLACE, given);
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : error;
      }
    };
    expect(code(sealed)).toBe("unknown_key");
    expect(code({ ...sealed, kid: keyId(NEXT_KEY) })).toBe("damaged");
    expect(code({ kid: keyId(NEXT_KEY), bytes: new Uint8Array(5) })).toBe("damaged");
  });

  test("are found out at every flipped byte", () => {
    const keyring = createKeyring(KEY, []);
    const sealed = keyring.sealCredentials(PLACE, PLAIN, random);
    for (let at = 0; at < sealed.bytes.length; at++) {
      const bytes = sealed.bytes.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(() => keyring.openCredentials(PLACE, { ...sealed, bytes })).toThrow("damaged");
    }
  });
});
