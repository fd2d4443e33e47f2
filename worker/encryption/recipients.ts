/**
 * Recipients: with them, reading takes an auditor's private key beside the subject's key. libsodium's sealed boxes carry a random
 * share, one an epoch; it is loaded when the first box is made or opened.
 */
import { Buffer } from "node:buffer";
import { EnvelopeError } from "./envelope-error.ts";
import type { RecipientBox } from "./envelope.ts";
import { utf8Bytes } from "../bytes.ts";
import { toHex } from "./hex.ts";
import type { RandomBytes } from "./keyring.ts";
import { sha256 } from "./part-keys.ts";

export { MAX_RECIPIENTS } from "./envelope.ts";

const KEY_BYTES = 32;
const EPOCH_MS = 5 * 60_000;
const EPOCH_PARTS = 1_000;
/** Subjects with an epoch at once; the oldest is ended for a new one. */
const MAX_EPOCHS = 10_000;
const PUBLIC = /^arr_([A-Za-z0-9_-]{43})$/;
const PRIVATE = /^arp_([A-Za-z0-9_-]{43})$/;

export interface RecipientKeyPair {
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface Share {
  /** 32 bytes. */
  readonly share: Uint8Array;
  readonly boxes: readonly RecipientBox[];
}

export interface Epochs {
  shareFor(handle: string): Promise<Share>;
  /** Wipes the shares of ended epochs. */
  sweep(): void;
  forget(handle: string): void;
  close(): void;
}

async function loadSodium() {
  const { default: sodium } = await import("libsodium-wrappers");
  await sodium.ready;
  return sodium;
}

export async function newRecipient(): Promise<{
  readonly publicText: string;
  readonly privateText: string;
}> {
  const sodium = await loadSodium();
  const { publicKey, privateKey } = sodium.crypto_box_keypair();
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  return { publicText: `arr_${text(publicKey)}`, privateText: `arp_${text(privateKey)}` };
}

/** A public key; null for what is none. */
export function parseRecipient(text: string): Uint8Array | null {
  return decodeKey(PUBLIC.exec(text)?.[1]);
}

/** A private key, with its public one; null for what is none. */
export async function parsePrivateKey(text: string): Promise<RecipientKeyPair | null> {
  const privateKey = decodeKey(PRIVATE.exec(text)?.[1]);
  if (privateKey === null) return null;
  const sodium = await loadSodium();
  return { privateKey, publicKey: sodium.crypto_scalarmult_base(privateKey) };
}

function decodeKey(text: string | undefined): Uint8Array | null {
  if (text === undefined) return null;
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  // The last character has two bits that must be zero: one key has one form.
  const isCanonical = Buffer.from(bytes).toString("base64url") === text;
  return bytes.length === KEY_BYTES && isCanonical ? bytes : null;
}

/** 16 hex digits. */
export function recipientId(publicKey: Uint8Array): string {
  return toHex(sha256(utf8Bytes("anyray/recipient/v1"), publicKey).subarray(0, 8));
}

/** @throws (rejects with) EnvelopeError `not_a_recipient`, `damaged` */
export async function openShare(
  boxes: readonly RecipientBox[],
  { publicKey, privateKey }: RecipientKeyPair,
): Promise<Uint8Array> {
  const id = recipientId(publicKey);
  const box = boxes.find((each) => each.recipientId === id);
  if (box === undefined) throw new EnvelopeError("not_a_recipient");
  const sodium = await loadSodium();
  let share: Uint8Array;
  try {
    share = sodium.crypto_box_seal_open(box.sealed, publicKey, privateKey);
  } catch {
    throw new EnvelopeError("damaged");
  }
  if (share.length !== KEY_BYTES) throw new EnvelopeError("damaged");
  return share;
}

interface Epoch extends Share {
  readonly endsAt: number;
  partsLeft: number;
}

export function createEpochs(options: {
  /** Public keys. */
  readonly recipients: readonly Uint8Array[];
  readonly random: RandomBytes;
  /** ms. */
  readonly now: () => number;
}): Epochs {
  const { random, now } = options;
  const recipients = options.recipients
    .map((publicKey) => ({ publicKey, id: recipientId(publicKey) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const epochs = new Map<string, Epoch>();

  function end(handle: string): void {
    epochs.get(handle)?.share.fill(0);
    epochs.delete(handle);
  }

  async function begin(handle: string): Promise<Epoch> {
    const sodium = await loadSodium();
    const share = random(KEY_BYTES);
    const boxes = recipients.map(({ publicKey, id }) => ({
      recipientId: id,
      sealed: sodium.crypto_box_seal(share, publicKey),
    }));
    const [oldest] = epochs.keys();
    if (epochs.size >= MAX_EPOCHS && oldest !== undefined) end(oldest);
    const epoch: Epoch = { share, boxes, endsAt: now() + EPOCH_MS, partsLeft: EPOCH_PARTS };
    epochs.set(handle, epoch);
    return epoch;
  }

  return {
    async shareFor(handle) {
      const current = epochs.get(handle);
      if (current !== undefined && (current.endsAt <= now() || current.partsLeft <= 0)) end(handle);
      const epoch = epochs.get(handle) ?? (await begin(handle));
      epoch.partsLeft -= 1;
      return epoch;
    },
    sweep() {
      const time = now();
      for (const [handle, epoch] of epochs) {
        if (epoch.endsAt <= time || epoch.partsLeft <= 0) end(handle);
      }
    },
    forget: end,
    close() {
      for (const handle of [...epochs.keys()]) end(handle);
    },
  };
}
