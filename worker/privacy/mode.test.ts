import { describe, expect, test } from "bun:test";
import { CONTENT_MODES, effectiveMode, KEY_STATES, lowerOf, STORE_STATES } from "./mode.ts";

/**
 * What is in force, for every combination: a block a stored value and gate, a line a key state, a column a store state
 * (ok, full, failed). Written by hand, not computed.
 */
const TABLE = `
off gate:no
  ok        off/-                    off/-           off/-
  missing   off/-                    off/-           off/-
  mismatch  off/-                    off/-           off/-
  failed    off/-                    off/-           off/-
off gate:yes
  ok        off/-                    off/-           off/-
  missing   off/-                    off/-           off/-
  mismatch  off/-                    off/-           off/-
  failed    off/-                    off/-           off/-
encrypted gate:no
  ok        encrypted/-              off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
encrypted gate:yes
  ok        encrypted/-              off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
plaintext gate:no
  ok        encrypted/plaintext_not_allowed  off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
plaintext gate:yes
  ok        plaintext/-              off/store_full  off/store_failed
  missing   plaintext/-              off/store_full  off/store_failed
  mismatch  plaintext/-              off/store_full  off/store_failed
  failed    plaintext/-              off/store_full  off/store_failed
(unreadable) gate:no
  ok        encrypted/unreadable     off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
(unreadable) gate:yes
  ok        encrypted/unreadable     off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
PLAINTEXT gate:no
  ok        encrypted/unknown_value  off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
PLAINTEXT gate:yes
  ok        encrypted/unknown_value  off/store_full  off/store_failed
  missing   off/key_missing          off/store_full  off/store_failed
  mismatch  off/key_mismatch         off/store_full  off/store_failed
  failed    off/key_failed           off/store_full  off/store_failed
`;

interface Expected {
  readonly requested: string | null;
  readonly allowPlaintext: boolean;
  readonly key: string;
  readonly cells: readonly string[];
}

function readTable(): Expected[] {
  const lines: Expected[] = [];
  let requested: string | null = null;
  let allowPlaintext = false;
  for (const line of TABLE.split("\n").filter(Boolean)) {
    const words = line.trim().split(/\s+/);
    if (line.startsWith(" ")) {
      lines.push({ requested, allowPlaintext, key: words[0] ?? "", cells: words.slice(1) });
      continue;
    }
    requested = words[0] === "(unreadable)" ? null : (words[0] ?? "");
    allowPlaintext = words[1] === "gate:yes";
  }
  return lines;
}

describe("the mode in force", () => {
  const lines = readTable();

  test("is what the table says, for every combination", () => {
    expect(lines).toHaveLength(5 * 2 * KEY_STATES.length);
    for (const { requested, allowPlaintext, key, cells } of lines) {
      const state = KEY_STATES.find((each) => each === key);
      if (state === undefined) throw new Error(`the table names no key state: ${key}`);
      const found = STORE_STATES.map((store) => {
        const { effective, reason } = effectiveMode({
          requested,
          allowPlaintext,
          key: state,
          store,
        });
        return `${effective}/${reason ?? "-"}`;
      });
      expect([requested, allowPlaintext, key, ...found]).toEqual([
        requested,
        allowPlaintext,
        key,
        ...cells,
      ]);
    }
  });

  test("is never more than was asked for, and plaintext only where it was asked for and allowed", () => {
    for (const requested of [...CONTENT_MODES, null, "", "Plaintext", "plaintext ", "\0"]) {
      for (const allowPlaintext of [true, false]) {
        for (const key of KEY_STATES) {
          for (const store of STORE_STATES) {
            const { effective } = effectiveMode({ requested, allowPlaintext, key, store });
            const asked = CONTENT_MODES.find((mode) => mode === requested) ?? "encrypted";
            expect(lowerOf(effective, asked)).toBe(effective);
            if (effective === "plaintext") {
              expect([requested, allowPlaintext]).toEqual(["plaintext", true]);
            }
          }
        }
      }
    }
  });

  test("the lower of two modes is the one that keeps less", () => {
    expect(lowerOf("plaintext", "encrypted")).toBe("encrypted");
    expect(lowerOf("off", "encrypted")).toBe("off");
    expect(lowerOf("plaintext", "off")).toBe("off");
    expect(lowerOf("encrypted", "encrypted")).toBe("encrypted");
  });
});
