/** The format against vectors that were made by hand with other people's ciphers, and against everything that can be done to an envelope. */
import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { encodeEnvelope, parseEnvelope } from "./envelope.ts";
import { EnvelopeError } from "./envelope-error.ts";
import { createKeyring } from "./keyring.ts";
import { openEnvelope, type OpeningKeys, type SubjectState } from "./open.ts";
import { parsePrivateKey } from "./recipients.ts";
import { plainEnvelope, sealPart, type Part } from "./seal.ts";
import file from "./vectors/vectors.json" with { type: "json" };

interface Vector {
  readonly name: string;
  readonly envelope: string;
  readonly outcome: string;
  readonly sha256?: string;
  readonly subject?: string;
  readonly recipient?: string;
}

const VECTORS: readonly Vector[] = file.vectors;
const keyring = createKeyring(file.master, []);
const bytesOf = (vector: Vector) => new Uint8Array(Buffer.from(vector.envelope, "base64"));
const fromHex = (digits: string) => new Uint8Array(Buffer.from(digits, "hex"));

const SUBJECTS: Readonly<Record<string, SubjectState>> = {
  live: { state: "live", wrapped: { kid: file.kid, bytes: fromHex(file.wrapped) } },
  foreign: {
    state: "live",
    wrapped: { kid: file.foreign.kid, bytes: fromHex(file.foreign.wrapped) },
  },
  erased: { state: "erased" },
  unknown: { state: "unknown" },
};

async function keysOf(vector: Vector): Promise<OpeningKeys> {
  const subject = SUBJECTS[vector.subject ?? "live"] ?? { state: "unknown" };
  return {
    keyring,
    subjects: (handle) => (handle === file.handle ? subject : { state: "unknown" }),
    recipient: vector.recipient === undefined ? null : await parsePrivateKey(vector.recipient),
  };
}

/** `opens`, the error's code, or what else was thrown. */
async function outcomeOf(bytes: Uint8Array, keys: OpeningKeys): Promise<string> {
  return openEnvelope(bytes, keys).then(
    () => "opens",
    (error: unknown) => (error instanceof EnvelopeError ? error.code : `threw ${String(error)}`),
  );
}

function vectorNamed(name: string): Vector {
  const vector = VECTORS.find((each) => each.name === name);
  if (vector === undefined) throw new Error(`there is no vector named ${name}`);
  return vector;
}

describe("the vectors", () => {
  test("are there, and have every outcome", () => {
    expect(VECTORS.length).toBeGreaterThan(45);
    expect([...new Set(VECTORS.map(({ outcome }) => outcome))].sort()).toEqual([
      "damaged",
      "erased_subject",
      "not_a_recipient",
      "opens",
      "unknown_key",
      "unknown_subject",
      "unknown_version",
    ]);
  });

  for (const vector of VECTORS) {
    test(`${vector.name}: ${vector.outcome}`, async () => {
      const keys = await keysOf(vector);
      expect(await outcomeOf(bytesOf(vector), keys)).toBe(vector.outcome);
      if (vector.outcome !== "opens") return;
      const part = await openEnvelope(bytesOf(vector), keys);
      expect(createHash("sha256").update(part.bytes).digest("hex")).toBe(vector.sha256 ?? "");
      expect([part.traceId, part.spanId, part.handle]).toEqual([
        file.trace_id,
        file.span_id,
        file.handle,
      ]);
      expect(encodeEnvelope(parseEnvelope(bytesOf(vector)))).toEqual(bytesOf(vector));
    });
  }
});

describe("an envelope", () => {
  const names = ["a small part", "plaintext", "two recipients, the first reads"];
  for (const name of names) {
    test(`with any one byte changed is refused: ${name}`, async () => {
      const vector = vectorNamed(name);
      const keys = await keysOf(vector);
      const whole = bytesOf(vector);
      for (let at = 0; at < whole.length; at++) {
        for (const flip of [1, 0x80]) {
          const changed = new Uint8Array(whole);
          changed[at] = (changed[at] ?? 0) ^ flip;
          const outcome = await outcomeOf(changed, keys);
          const isTold = ["damaged", "unknown_version", "unknown_subject", "not_a_recipient"];
          // Another recipient's box is not ours to read: the rest of the envelope is bound to it all the same.
          expect([at, isTold.includes(outcome)]).toEqual([at, true]);
        }
      }
    });

    test(`cut anywhere is refused: ${name}`, async () => {
      const vector = vectorNamed(name);
      const keys = await keysOf(vector);
      const whole = bytesOf(vector);
      for (let size = 0; size < whole.length; size++) {
        expect(await outcomeOf(whole.subarray(0, size), keys)).toBe("damaged");
      }
    });
  }

  test("whose chunks were dropped, swapped, doubled or moved to another is refused", async () => {
    const vector = vectorNamed("several chunks");
    const keys = await keysOf(vector);
    const { prefix, body } = parseEnvelope(bytesOf(vector));
    const chunks = Array.from({ length: Math.ceil(body.length / 65_552) }, (_, i) =>
      body.subarray(i * 65_552, (i + 1) * 65_552),
    );
    expect(chunks.length).toBeGreaterThan(2);
    const orders = [
      [0, 1],
      [1, 2],
      [0, 2],
      [1, 0, 2],
      [2, 1, 0],
      [0, 0, 1, 2],
      [0, 1, 1, 2],
      [0, 1, 2, 2],
      [2],
      [],
    ];
    for (const order of orders) {
      const pieces = order.map((i) => chunks[i] ?? new Uint8Array());
      const forged = new Uint8Array(Buffer.concat([prefix, ...pieces]));
      expect([order, await outcomeOf(forged, keys)]).toEqual([order, "damaged"]);
    }
    const other = parseEnvelope(bytesOf(vectorNamed("a part that fills its chunk")));
    const spliced = Buffer.concat([prefix, other.body.subarray(0, 65_552), ...chunks.slice(1)]);
    expect(await outcomeOf(new Uint8Array(spliced), keys)).toBe("damaged");
  });

  test("of rubbish is refused in one word, whatever the rubbish", async () => {
    const keys = await keysOf(vectorNamed("a small part"));
    const whole = bytesOf(vectorNamed("a small part"));
    const known = new Set(["damaged", "unknown_version", "unknown_subject", "not_a_recipient"]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(known.has(await outcomeOf(bytes, keys))).toBe(true);
        const headed = new Uint8Array(Buffer.concat([whole.subarray(0, 12), bytes]));
        expect(known.has(await outcomeOf(headed, keys))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what we seal", () => {
  const random = (size: number) => new Uint8Array(randomBytes(size));
  const subjectKey = random(32);
  const handle = "ab".repeat(16);
  const wrapped = keyring.wrap(handle, subjectKey, random);
  const keys: OpeningKeys = {
    keyring,
    recipient: null,
    subjects: () => ({ state: "live", wrapped }),
  };
  const part = (bytes: Uint8Array): Part => ({
    traceId: "01".repeat(16),
    spanId: "02".repeat(8),
    field: "output",
    media: "event-stream",
    isCut: true,
    bytes,
  });

  for (const size of [0, 1, 15, 65_519, 65_520, 65_521, 65_535, 65_536, 65_537, 1_048_576]) {
    test(`opens again: ${size} bytes, in every compression`, async () => {
      const bytes = random(size);
      for (const compression of ["none", "deflate", "zstd", undefined] as const) {
        const envelope = sealPart(part(bytes), {
          kid: keyring.kid,
          handle,
          subjectKey,
          share: null,
          random,
          ...(compression === undefined ? {} : { compression }),
        });
        const opened = await openEnvelope(envelope, keys);
        expect(Buffer.compare(opened.bytes, bytes)).toBe(0);
        expect(opened).toMatchObject({ field: "output", media: "event-stream", isCut: true });
        expect(Buffer.compare(encodeEnvelope(parseEnvelope(envelope)), envelope)).toBe(0);
      }
      const plain = await openEnvelope(plainEnvelope(part(bytes), handle), keys);
      expect(Buffer.compare(plain.bytes, bytes)).toBe(0);
    });
  }

  test("is never the same twice, and lengths that differ little look the same", () => {
    const options = { kid: keyring.kid, handle, subjectKey, share: null, random } as const;
    const seal = (size: number) =>
      sealPart(part(new Uint8Array(size).fill(0x61)), { ...options, compression: "none" });
    expect(Buffer.compare(seal(100), seal(100))).not.toBe(0);
    expect(seal(10_001).length).toBe(seal(10_100).length);
    const sizes = new Set(Array.from({ length: 1_000 }, (_, i) => seal(10_000 + i).length));
    expect(sizes.size).toBeLessThan(6);
  });

  test("opens under a retired master key, and under no other", async () => {
    const envelope = sealPart(part(random(10)), {
      kid: keyring.kid,
      handle,
      subjectKey,
      share: null,
      random,
    });
    const later = createKeyring("77".repeat(32), [file.master]);
    expect(await outcomeOf(envelope, { ...keys, keyring: later })).toBe("opens");
    const stranger = createKeyring("77".repeat(32), []);
    expect(await outcomeOf(envelope, { ...keys, keyring: stranger })).toBe("unknown_key");
  });

  test("expands to no more than it says, and than is allowed", async () => {
    const envelope = sealPart(part(new Uint8Array(50_000_000)), {
      kid: keyring.kid,
      handle,
      subjectKey,
      share: null,
      random,
    });
    expect(envelope.length).toBeLessThan(10_000);
    expect(await outcomeOf(envelope, { ...keys, maxBytes: 1_000_000 })).toBe("damaged");
    expect(await outcomeOf(envelope, keys)).toBe("opens");
  });

  test("a subject's key that was wrapped for another handle does not unwrap", () => {
    expect(() => keyring.unwrap("cd".repeat(16), wrapped)).toThrow(EnvelopeError);
    for (let at = 0; at < wrapped.bytes.length; at++) {
      const bytes = new Uint8Array(wrapped.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(() => keyring.unwrap(handle, { kid: wrapped.kid, bytes })).toThrow(EnvelopeError);
    }
  });

  test("reading records are known by any of the master keys, and by no other", () => {
    const bytes = random(50);
    const mac = keyring.signReadingRecord(bytes);
    expect(createKeyring("77".repeat(32), [file.master]).verifyReadingRecord(bytes, mac)).toBe(
      true,
    );
    expect(createKeyring("77".repeat(32), []).verifyReadingRecord(bytes, mac)).toBe(false);
    expect(keyring.verifyReadingRecord(random(50), mac)).toBe(false);
    expect(keyring.verifyReadingRecord(bytes, "no mac")).toBe(false);
  });
});
