import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createKeyring } from "./keyring.ts";
import { openEnvelope } from "./open.ts";
import {
  createEpochs,
  newRecipient,
  openShare,
  parsePrivateKey,
  parseRecipient,
  recipientId,
} from "./recipients.ts";
import { sealPart } from "./seal.ts";

const random = (size: number) => new Uint8Array(randomBytes(size));

async function pair() {
  const { publicText, privateText } = await newRecipient();
  const keys = await parsePrivateKey(privateText);
  const publicKey = parseRecipient(publicText);
  if (keys === null || publicKey === null) throw new Error("a new pair must parse");
  return { keys, publicKey };
}

describe("recipients", () => {
  test("a pair's halves belong together, and are told apart by their letters", async () => {
    const { publicText, privateText } = await newRecipient();
    const keys = await parsePrivateKey(privateText);
    expect(keys?.publicKey).toEqual(parseRecipient(publicText) ?? new Uint8Array());
    expect(parseRecipient(privateText)).toBeNull();
    expect(await parsePrivateKey(publicText)).toBeNull();
    for (const bad of ["", "arr_", `${publicText}=`, ` ${publicText}`, publicText.slice(0, -1)]) {
      expect(parseRecipient(bad)).toBeNull();
    }
  });

  test("each of several reads, a stranger does not, and nobody without the subject's key", async () => {
    const [ann, bob, eve] = [await pair(), await pair(), await pair()];
    const epochs = createEpochs({
      recipients: [ann.publicKey, bob.publicKey],
      random,
      now: () => 0,
    });
    const keyring = createKeyring("11".repeat(32), []);
    const subjectKey = random(32);
    const handle = "ab".repeat(16);
    const bytes = random(1_000);
    const part = { traceId: "01".repeat(16), spanId: "02".repeat(8), bytes } as const;
    const envelope = sealPart(
      { ...part, field: "input", media: "json", isCut: false },
      { kid: keyring.kid, handle, subjectKey, share: await epochs.shareFor(handle), random },
    );
    const wrapped = keyring.wrap(handle, subjectKey, random);
    const open = (recipient: typeof ann.keys | null, subject = wrapped) =>
      openEnvelope(envelope, {
        keyring,
        recipient,
        subjects: () => ({ state: "live", wrapped: subject }),
      });
    expect((await open(ann.keys)).bytes).toEqual(bytes);
    expect((await open(bob.keys)).bytes).toEqual(bytes);
    await expect(open(eve.keys)).rejects.toMatchObject({ code: "not_a_recipient" });
    // All that the gateway is configured with: the public keys, the master key, the subject's key.
    await expect(open(null)).rejects.toMatchObject({ code: "not_a_recipient" });
    const otherKey = keyring.wrap(handle, random(32), random);
    await expect(open(ann.keys, otherKey)).rejects.toMatchObject({ code: "damaged" });
  });

  test("an epoch ends by time and by parts, and its share is wiped", async () => {
    const { publicKey, keys } = await pair();
    let time = 0;
    const epochs = createEpochs({ recipients: [publicKey], random, now: () => time });
    const first = await epochs.shareFor("a");
    expect((await epochs.shareFor("a")).share).toBe(first.share);
    expect((await epochs.shareFor("b")).share).not.toEqual(first.share);
    expect(await openShare(first.boxes, keys)).toEqual(first.share);
    time = 300_000;
    epochs.sweep();
    expect([...first.share].every((byte) => byte === 0)).toBe(true);
    const second = await epochs.shareFor("a");
    const copy = new Uint8Array(second.share);
    for (let i = 1; i < 1_000; i++) await epochs.shareFor("a");
    const third = await epochs.shareFor("a");
    expect(third.share).not.toEqual(copy);
    expect([...second.share].every((byte) => byte === 0)).toBe(true);
    epochs.forget("a");
    expect([...third.share].every((byte) => byte === 0)).toBe(true);
    const last = await epochs.shareFor("c");
    epochs.close();
    expect([...last.share].every((byte) => byte === 0)).toBe(true);
  });

  test("have ids of their public keys", async () => {
    const { publicKey } = await pair();
    expect(recipientId(publicKey)).toMatch(/^[0-9a-f]{16}$/);
    expect(recipientId(publicKey)).toBe(recipientId(new Uint8Array(publicKey)));
  });
});
