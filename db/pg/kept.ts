/**
 * What requests need of what administrators set, as it was read last: in memory, and in a file of the data directory, so that a gateway
 * serves, and even starts, while the database is away. It holds names, amounts and hashes of secrets, as the database does.
 */
import { readFileSync } from "node:fs";
import { chmod, rename, writeFile } from "node:fs/promises";
import type {
  AdminStore,
  Cap,
  ClientKey,
  KeyStore,
  PriceOverride,
  PriceOverrideStore,
  RateLimit,
  Setting,
  SettingStore,
} from "../store.ts";

interface Snapshot {
  readonly keys: readonly ClientKey[];
  readonly settings: readonly Setting[];
  readonly caps: readonly Cap[];
  readonly limits: readonly RateLimit[];
  readonly prices: readonly PriceOverride[];
}

export interface Sources {
  readonly keys: Pick<KeyStore, "list">;
  readonly settings: SettingStore;
  readonly admin: Pick<AdminStore, "caps" | "limits">;
  readonly prices: Pick<PriceOverrideStore, "list">;
}

export interface Kept {
  readonly keys: Pick<KeyStore, "findByHash">;
  readonly settings: SettingStore;
  readonly admin: Pick<AdminStore, "caps" | "limits">;
  readonly prices: Pick<PriceOverrideStore, "list">;
  /** Rejects, with all as it was, if it can't be read. */
  reload(): Promise<void>;
  /** What an earlier process of this gateway had read; false: there is nothing that could be used. */
  recall(): boolean;
}

/** @param path of the file; made for its owner alone */
export function createKept(sources: Sources, path: string): Kept {
  let snapshot: Snapshot = { keys: [], settings: [], caps: [], limits: [], prices: [] };
  let byHash: ReadonlyMap<string, ClientKey> = new Map();
  let byName: ReadonlyMap<string, Setting> = new Map();

  function use(next: Snapshot): void {
    snapshot = next;
    byHash = new Map(next.keys.flatMap((key) => hashesOf(key).map((hash) => [hash, key])));
    byName = new Map(next.settings.map((setting) => [setting.name, setting]));
  }

  return {
    keys: { findByHash: async (secretHash) => byHash.get(secretHash) ?? null },
    settings: {
      get: async (name) => byName.get(name) ?? null,
      list: async (prefix) => snapshot.settings.filter(({ name }) => name.startsWith(prefix)),
    },
    admin: { caps: async () => snapshot.caps, limits: async () => snapshot.limits },
    prices: { list: async () => snapshot.prices },
    async reload() {
      const [keys, settings, caps, limits, prices] = await Promise.all([
        sources.keys.list(),
        sources.settings.list(""),
        sources.admin.caps(),
        sources.admin.limits(),
        sources.prices.list(),
      ]);
      use({ keys, settings, caps, limits, prices });
      // Without it all works but a start without the database.
      await write(path, snapshot).catch(() => undefined);
    },
    recall() {
      try {
        use(decode(readFileSync(path, "utf8")));
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Of the secret, and of the one before. */
function hashesOf({ secretHash, previousHash }: ClientKey): string[] {
  return previousHash === null ? [secretHash] : [secretHash, previousHash];
}

/** Whole or not at all. */
async function write(path: string, { caps, ...rest }: Snapshot): Promise<void> {
  const text = JSON.stringify({
    ...rest,
    caps: caps.map((cap) => ({ ...cap, amount: String(cap.amount) })),
  });
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}

/** @throws Error for what is none of ours */
function decode(text: string): Snapshot {
  // Written by `write`, in a directory that nobody else writes to.
  const { caps, ...rest } = JSON.parse(text) as Omit<Snapshot, "caps"> & {
    readonly caps: readonly (Omit<Cap, "amount"> & { readonly amount: string })[];
  };
  return { ...rest, caps: caps.map((cap) => ({ ...cap, amount: BigInt(cap.amount) })) };
}
