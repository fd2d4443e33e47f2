/**
 * Subject keys in use: made when a subject is first seen, unwrapped once, kept for a while, and wiped when someone else has changed
 * the store: an erased key must not seal anything a second later.
 */
import type { SubjectStore } from "../../db/store.ts";
import type { Keyring } from "../encryption/keyring.ts";
import type { Epochs } from "../encryption/recipients.ts";

/** Some 2 MB. */
const MAX_KEYS = 10_000;
const HANDLE_BYTES = 16;
const KEY_BYTES = 32;

export interface KnownSubject {
  readonly handle: string;
  readonly key: Uint8Array;
}

export interface SubjectKeys {
  /** @throws (rejects with) EnvelopeError if the stored key can't be unwrapped, Error if the store fails */
  of(name: string): Promise<KnownSubject>;
  /** The handle alone, for content that is not encrypted: needs no usable key. */
  handleOf(name: string): Promise<string>;
  /** Wipes all keys if another process has changed the store since. */
  dropStale(): void;
  /** Wipes all keys. */
  drop(): void;
}

export interface SubjectKeysOptions {
  readonly subjects: SubjectStore;
  readonly keyring: Keyring;
  readonly epochs: Epochs | null;
  readonly random: (size: number) => Uint8Array;
  readonly now: () => number;
}

export function createSubjectKeys(options: SubjectKeysOptions): SubjectKeys {
  const { subjects, keyring, epochs, random, now } = options;
  const known = new Map<string, KnownSubject>();
  let version = subjects.version();

  const stored = async (name: string) => (await subjects.find(name)) ?? (await make(name));

  async function load(name: string): Promise<KnownSubject> {
    const { handle, kid, wrapped } = await stored(name);
    return { handle, key: keyring.unwrap(handle, { kid, bytes: wrapped }) };
  }

  function make(name: string) {
    const handle = hex(random(HANDLE_BYTES));
    const wrapped = keyring.wrap(handle, random(KEY_BYTES), random);
    return subjects.add({
      handle,
      name,
      kid: wrapped.kid,
      wrapped: wrapped.bytes,
      createdAtMs: now(),
    });
  }

  function drop(): void {
    for (const { handle, key } of known.values()) {
      key.fill(0);
      epochs?.forget(handle);
    }
    known.clear();
  }

  return {
    async of(name) {
      const cached = known.get(name);
      if (cached !== undefined) return cached;
      if (known.size >= MAX_KEYS) drop();
      const subject = await load(name);
      known.set(name, subject);
      return subject;
    },
    handleOf: async (name) => known.get(name)?.handle ?? (await stored(name)).handle,
    dropStale() {
      const current = subjects.version();
      if (current === version) return;
      version = current;
      drop();
    },
    drop,
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
