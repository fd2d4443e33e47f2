/** Keys and settings as they were read last: requests find them here, whether the database is there or not. */
import type { ClientKey, KeyStore, Setting, SettingStore } from "../store.ts";

export interface Kept {
  readonly keys: Pick<KeyStore, "findByHash">;
  readonly settings: SettingStore;
  /** Rejects, with all as it was, if they can't be read. */
  reload(): Promise<void>;
}

export function createKept(keys: Pick<KeyStore, "list">, settings: SettingStore): Kept {
  let byHash: ReadonlyMap<string, ClientKey> = new Map();
  let byName: ReadonlyMap<string, Setting> = new Map();
  return {
    keys: { findByHash: async (secretHash) => byHash.get(secretHash) ?? null },
    settings: {
      get: async (name) => byName.get(name) ?? null,
      list: async (prefix) => [...byName.values()].filter(({ name }) => name.startsWith(prefix)),
    },
    async reload() {
      const [allKeys, allSettings] = await Promise.all([keys.list(), settings.list("")]);
      byHash = new Map(allKeys.flatMap((key) => hashesOf(key).map((hash) => [hash, key])));
      byName = new Map(allSettings.map((setting) => [setting.name, setting]));
    },
  };
}

/** Of the secret, and of the one before. */
function hashesOf({ secretHash, previousHash }: ClientKey): string[] {
  return previousHash === null ? [secretHash] : [secretHash, previousHash];
}
