/** The master keys: the present one seals subject keys and credentials, it and the former ones open them (SPEC.md, "Keys"). */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { utf8Bytes } from "../bytes.ts";
import { decrypt, encryptInto, NONCE_BYTES, TAG_BYTES } from "./aead.ts";
import { EnvelopeError } from "./envelope-error.ts";
import { fromHex, toHex } from "./hex.ts";

const KEY_BYTES = 32;
const CREDENTIAL_LABEL = "anyray/provider-credential/v1";
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

export type RandomBytes = (size: number) => Uint8Array;

export interface WrappedKey {
  /** Of the master key that wraps it, 16 lower-case hex digits. */
  readonly kid: string;
  /** nonce ‖ ciphertext ‖ tag, 60 bytes. */
  readonly bytes: Uint8Array;
}

/** What a provider is sent, and where: its credentials are for no other. */
export interface CredentialPlace {
  /** The operator's name for the provider. */
  readonly provider: string;
  /** Of its base URL. */
  readonly origin: string;
}

export interface SealedCredentials {
  /** Of the master key that seals it. */
  readonly kid: string;
  /** nonce ‖ ciphertext ‖ tag. */
  readonly bytes: Uint8Array;
}

export interface Keyring {
  /** Of the present master key. */
  readonly kid: string;
  /** The present one first. */
  readonly kids: readonly string[];
  /** @param handle 32 hex digits */
  wrap(handle: string, subjectKey: Uint8Array, random: RandomBytes): WrappedKey;
  /** @throws EnvelopeError `unknown_key`, `damaged` */
  unwrap(handle: string, wrapped: WrappedKey): Uint8Array;
  sealCredentials(
    place: CredentialPlace,
    plain: Uint8Array,
    random: RandomBytes,
  ): SealedCredentials;
  /** @throws EnvelopeError `unknown_key`, `damaged` */
  openCredentials(place: CredentialPlace, sealed: SealedCredentials): Uint8Array;
  /** HMAC under the present master key's reading-record key, in hex. */
  signReadingRecord(bytes: Uint8Array): string;
  /** Under any of the master keys. */
  verifyReadingRecord(bytes: Uint8Array, mac: string): boolean;
}

/** @param current and @param retired 64 hex digits each */
export function createKeyring(current: string, retired: readonly string[]): Keyring {
  const masters = [current, ...retired].map((digits) => {
    const master = fromHex(digits);
    return {
      kid: keyId(digits),
      wrapping: derive(master, "anyray/subject-wrap/v1", KEY_BYTES),
      reading: derive(master, "anyray/reading-record/v1", KEY_BYTES),
      credentials: derive(master, CREDENTIAL_LABEL, KEY_BYTES),
    };
  });
  const present = masters[0];
  if (present === undefined) throw new Error("a keyring has at least one key");
  const mac = (key: Uint8Array, bytes: Uint8Array) =>
    createHmac("sha256", key).update(bytes).digest();
  return {
    kid: present.kid,
    kids: [...new Set(masters.map(({ kid }) => kid))],
    wrap(handle, subjectKey, random) {
      const nonce = random(NONCE_BYTES);
      const bytes = new Uint8Array(WRAPPED_BYTES);
      bytes.set(nonce);
      const associated = subjectAssociated(present.kid, handle);
      encryptInto(bytes, NONCE_BYTES, { key: present.wrapping, nonce, associated }, subjectKey);
      return { kid: present.kid, bytes };
    },
    unwrap(handle, { kid, bytes }) {
      const master = masters.find((each) => each.kid === kid);
      if (master === undefined) throw new EnvelopeError("unknown_key");
      if (bytes.length !== WRAPPED_BYTES) throw new EnvelopeError("damaged");
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const associated = subjectAssociated(kid, handle);
      return decrypt({ key: master.wrapping, nonce, associated }, bytes.subarray(NONCE_BYTES));
    },
    sealCredentials(place, plain, random) {
      const nonce = random(NONCE_BYTES);
      const bytes = new Uint8Array(NONCE_BYTES + plain.length + TAG_BYTES);
      bytes.set(nonce);
      const associated = credentialAssociated(present.kid, place);
      encryptInto(bytes, NONCE_BYTES, { key: present.credentials, nonce, associated }, plain);
      return { kid: present.kid, bytes };
    },
    openCredentials(place, { kid, bytes }) {
      const master = masters.find((each) => each.kid === kid);
      if (master === undefined) throw new EnvelopeError("unknown_key");
      const nonce = bytes.subarray(0, NONCE_BYTES);
      if (nonce.length < NONCE_BYTES) throw new EnvelopeError("damaged");
      const associated = credentialAssociated(kid, place);
      return decrypt({ key: master.credentials, nonce, associated }, bytes.subarray(NONCE_BYTES));
    },
    signReadingRecord: (bytes) => toHex(mac(present.reading, bytes)),
    verifyReadingRecord(bytes, given) {
      if (!/^[0-9a-f]{64}$/.test(given)) return false;
      return masters.some(({ reading }) => timingSafeEqual(mac(reading, bytes), fromHex(given)));
    },
  };
}

/** @param master 64 hex digits @returns 16 */
export function keyId(master: string): string {
  return toHex(derive(fromHex(master), "anyray/kid/v1", 8));
}

function derive(master: Uint8Array, info: string, size: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", master, new Uint8Array(), utf8Bytes(info), size));
}

function subjectAssociated(kid: string, handle: string): Uint8Array {
  return joined([utf8Bytes("anyray/subject/v1"), fromHex(kid + handle)]);
}

function credentialAssociated(kid: string, { provider, origin }: CredentialPlace): Uint8Array {
  const texts = [provider, origin].map(utf8Bytes);
  const parts = texts.flatMap((text) => [Uint8Array.of(text.length >> 8, text.length & 255), text]);
  return joined([utf8Bytes(CREDENTIAL_LABEL), fromHex(kid), ...parts]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
