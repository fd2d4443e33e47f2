/**
 * Made `vectors.json` once: `bun worker/encryption/vectors/make.ts > worker/encryption/vectors/vectors.json`. Kept so that a reviewer
 * sees where each vector comes from. The bytes are made here by hand, after SPEC.md and with other people's ciphers, not by the
 * code that they check.
 */
import { createHash } from "node:crypto";
import { deflateRawSync, zstdCompressSync } from "node:zlib";
import { gcm } from "@noble/ciphers/aes.js";
import sodium from "libsodium-wrappers";
import { hkdf } from "./hkdf.ts";

await sodium.ready;

const text = (value: string) => new TextEncoder().encode(value);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const join = (...pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));
const sha256 = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());
const number64 = (value: number) => {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
};
/** Looks random, and is the same at every run. */
const noise = (label: string, size: number) =>
  hkdf(text(label), new Uint8Array(), text("noise"), size);

const MASTER = noise("master", 32);
const OTHER_MASTER = noise("other master", 32);
const KID = hkdf(MASTER, new Uint8Array(), text("anyray/kid/v1"), 8);
const OTHER_KID = hkdf(OTHER_MASTER, new Uint8Array(), text("anyray/kid/v1"), 8);
const SUBJECT = noise("subject", 32);
const HANDLE = noise("handle", 16);
const TRACE = noise("trace", 16);
const SPAN = noise("span", 8);

function wrap(master: Uint8Array, kid: Uint8Array): string {
  const key = hkdf(master, new Uint8Array(), text("anyray/subject-wrap/v1"), 32);
  const nonce = noise("wrap nonce", 12);
  const associated = join(text("anyray/subject/v1"), kid, HANDLE);
  return hex(join(nonce, gcm(key, nonce, associated).encrypt(SUBJECT)));
}

interface Sealing {
  readonly plain: Uint8Array;
  readonly compression?: 0 | 1 | 2;
  readonly field?: number;
  readonly media?: number;
  readonly flags?: number;
  readonly kind?: number;
  readonly recipients?: readonly Uint8Array[];
  /** What goes wrong, where something is to. */
  readonly padding?: Uint8Array;
  readonly lengths?: readonly [number, number];
  readonly commitment?: Uint8Array;
  readonly subject?: Uint8Array;
}

function padme(length: number): number {
  const e = Math.floor(Math.log2(length));
  const s = Math.floor(Math.log2(e)) + 1;
  const mask = 2 ** (e - s);
  return Math.ceil(length / mask) * mask;
}

function compressed(plain: Uint8Array, how: number): Uint8Array {
  if (how === 0) return plain;
  return new Uint8Array(how === 1 ? deflateRawSync(plain) : zstdCompressSync(plain));
}

function seal(sealing: Sealing): Uint8Array {
  const { plain, compression = 0, recipients = [] } = sealing;
  const head = join(
    text("ARE"),
    Uint8Array.of(1, sealing.kind ?? 1, compression, sealing.field ?? 1, sealing.media ?? 1),
    Uint8Array.of(recipients.length, sealing.flags ?? 0, 0, 0),
    KID,
    HANDLE,
    TRACE,
    SPAN,
  );
  const salt = noise(`salt ${hex(sha256(plain))}`, 32);
  const share = noise("share", 32);
  const boxes = recipients
    .map((key) => {
      const id = sha256(join(text("anyray/recipient/v1"), key)).subarray(0, 8);
      return join(id, sodium.crypto_box_seal(share, key));
    })
    .sort((a, b) => Buffer.compare(a, b));
  const secret = recipients.length === 0 ? (sealing.subject ?? SUBJECT) : join(SUBJECT, share);
  const keys = hkdf(secret, salt, join(text("anyray/content/v1"), head), 64);
  const prefix = join(head, salt, ...boxes, sealing.commitment ?? keys.subarray(32));
  const packed = compressed(plain, compression);
  const [n, m] = sealing.lengths ?? [packed.length, plain.length];
  const length = 16 + packed.length;
  const padding = sealing.padding ?? new Uint8Array(padme(length) - length);
  const body = join(number64(n), number64(m), packed, padding);
  const associated = sha256(prefix);
  const chunks: Uint8Array[] = [];
  const count = Math.max(1, Math.ceil(body.length / 65_536));
  for (let i = 0; i < count; i++) {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, i);
    nonce[11] = i === count - 1 ? 1 : 0;
    const chunk = body.subarray(i * 65_536, (i + 1) * 65_536);
    chunks.push(gcm(keys.subarray(0, 32), nonce, associated).encrypt(chunk));
  }
  return join(prefix, ...chunks);
}

function plaintext(plain: Uint8Array): Uint8Array {
  const head = join(
    text("ARE"),
    Uint8Array.of(1, 2, 0, 2, 1, 0, 0, 0, 0),
    new Uint8Array(8),
    HANDLE,
    TRACE,
    SPAN,
  );
  const body = join(number64(plain.length), plain);
  return join(head, sha256(join(head, body)), body);
}

const changed = (from: Uint8Array, at: number, value: number) => {
  const out = new Uint8Array(from);
  out[at < 0 ? out.length + at : at] = value;
  return out;
};

const auditor = sodium.crypto_box_seed_keypair(noise("auditor", 32));
const second = sodium.crypto_box_seed_keypair(noise("second auditor", 32));
const stranger = sodium.crypto_box_seed_keypair(noise("stranger", 32));

const QUESTION = text('{"messages":[{"role":"user","content":"What is sealed here?"}]}');
const small = seal({ plain: QUESTION });
const large = seal({ plain: noise("large", 7_000), media: 3 });
const long = join(...Array.from({ length: 20 }, (_, i) => noise(`long ${i}`, 7_000)));
const manyChunks = seal({ plain: long, media: 3 });
/** With its two lengths it is one chunk exactly. */
const full = long.subarray(0, 65_520);
const prefixEnd = 124;
const boxed = seal({ plain: QUESTION, recipients: [auditor.publicKey, second.publicKey] });

type Outcome = string;
interface Vector {
  readonly name: string;
  readonly envelope: string;
  readonly outcome: Outcome;
  /** SHA-256 of what opens. */
  readonly sha256?: string;
  readonly subject?: "live" | "erased" | "unknown" | "foreign";
  readonly recipient?: string;
}

const opens = (name: string, envelope: Uint8Array, plain: Uint8Array, more = {}): Vector => ({
  name,
  envelope: base64(envelope),
  outcome: "opens",
  sha256: hex(sha256(plain)),
  ...more,
});
const fails = (name: string, envelope: Uint8Array, outcome: Outcome, more = {}): Vector => ({
  name,
  envelope: base64(envelope),
  outcome,
  ...more,
});
const key = (pair: { privateKey: Uint8Array }) =>
  `arp_${Buffer.from(pair.privateKey).toString("base64url")}`;

const vectors: Vector[] = [
  opens("a small part", small, QUESTION),
  opens("nothing at all", seal({ plain: new Uint8Array() }), new Uint8Array()),
  opens("one byte", seal({ plain: text("x"), field: 2 }), text("x")),
  opens("deflate", seal({ plain: QUESTION, compression: 1 }), QUESTION),
  opens("zstd", seal({ plain: QUESTION, compression: 2, media: 2, flags: 1 }), QUESTION),
  opens("several chunks", manyChunks, long),
  opens("a part that fills its chunk", seal({ plain: full, media: 3 }), full),
  opens("two recipients, the first reads", boxed, QUESTION, { recipient: key(auditor) }),
  opens("two recipients, the second reads", boxed, QUESTION, { recipient: key(second) }),
  opens("plaintext", plaintext(QUESTION), QUESTION),
  fails("two recipients, a stranger tries", boxed, "not_a_recipient", { recipient: key(stranger) }),
  fails("two recipients, no private key", boxed, "not_a_recipient"),
  fails("version 2", changed(small, 3, 2), "unknown_version"),
  fails("version 0", changed(small, 3, 0), "unknown_version"),
  fails("an erased subject", small, "erased_subject", { subject: "erased" }),
  fails("a subject that nobody knows", small, "unknown_subject", { subject: "unknown" }),
  fails("a subject under another master key", small, "unknown_key", { subject: "foreign" }),
  fails("another magic", changed(small, 0, 0x42), "damaged"),
  fails("an unknown kind", changed(small, 4, 3), "damaged"),
  fails("an unknown compression", changed(small, 5, 3), "damaged"),
  fails("no field", changed(small, 6, 0), "damaged"),
  fails("unknown media", changed(small, 7, 4), "damaged"),
  fails("nine recipients", changed(small, 8, 9), "damaged"),
  fails("an unknown flag", changed(small, 9, 2), "damaged"),
  fails("a reserved byte", changed(small, 11, 1), "damaged"),
  fails("input passed off as output", changed(small, 6, 2), "damaged"),
  fails("another trace", changed(small, 36, (small[36] ?? 0) ^ 1), "damaged"),
  fails("another span", changed(small, 59, (small[59] ?? 0) ^ 1), "damaged"),
  fails("the cut flag taken away", changed(seal({ plain: QUESTION, flags: 1 }), 9, 0), "damaged"),
  fails("sealed passed off as plaintext", changed(small, 4, 2), "damaged"),
  fails(
    "a wrong commitment under the right key",
    seal({ plain: QUESTION, commitment: noise("c", 32) }),
    "damaged",
  ),
  fails(
    "another subject's key behind this handle",
    seal({ plain: QUESTION, subject: noise("other subject", 32) }),
    "damaged",
  ),
  fails(
    "padding that is not zeros",
    seal({ plain: noise("large", 7_000), padding: new Uint8Array(padme(7_016) - 7_016).fill(1) }),
    "damaged",
  ),
  fails(
    "padding that is too long",
    seal({ plain: noise("large", 7_000), padding: new Uint8Array(padme(7_016) - 7_016 + 128) }),
    "damaged",
  ),
  fails("no padding", seal({ plain: noise("large", 7_000), padding: new Uint8Array() }), "damaged"),
  fails(
    "a length beyond the end",
    seal({ plain: QUESTION, lengths: [QUESTION.length + 99, QUESTION.length] }),
    "damaged",
  ),
  fails(
    "an original length that is wrong",
    seal({
      plain: QUESTION,
      compression: 2,
      lengths: [zstdCompressSync(QUESTION).length, QUESTION.length - 1],
    }),
    "damaged",
  ),
  fails(
    "a huge length",
    seal({ plain: QUESTION, lengths: [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] }),
    "damaged",
  ),
  fails(
    "compression that is none",
    seal({ plain: QUESTION, compression: 0, lengths: [QUESTION.length, 5] }),
    "damaged",
  ),
  fails("a byte behind the end", join(small, Uint8Array.of(0)), "damaged"),
  fails("a byte missing", small.subarray(0, -1), "damaged"),
  fails(
    "the body of another part",
    join(small.subarray(0, prefixEnd), large.subarray(prefixEnd)),
    "damaged",
  ),
  fails("no body", small.subarray(0, prefixEnd), "damaged"),
  fails("a head alone", small.subarray(0, 60), "damaged"),
  fails("half a head", small.subarray(0, 30), "damaged"),
  fails("nothing", new Uint8Array(), "damaged"),
  fails("a box changed", changed(boxed, 150, (boxed[150] ?? 0) ^ 1), "damaged", {
    recipient: key(auditor),
  }),
  fails("plaintext with a byte changed", changed(plaintext(QUESTION), -1, 0x20), "damaged"),
  fails("plaintext passed off as sealed", changed(plaintext(QUESTION), 4, 1), "damaged"),
  fails("plaintext with a key id", changed(plaintext(QUESTION), 12, 1), "damaged"),
];

const file = {
  master: hex(MASTER),
  kid: hex(KID),
  handle: hex(HANDLE),
  trace_id: hex(TRACE),
  span_id: hex(SPAN),
  wrapped: wrap(MASTER, KID),
  foreign: { kid: hex(OTHER_KID), wrapped: wrap(OTHER_MASTER, OTHER_KID) },
  vectors,
};
process.stdout.write(`${JSON.stringify(file, null, 1)}\n`);
