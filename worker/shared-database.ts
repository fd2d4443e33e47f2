/** What a gateway does because others share its database: nothing of it where the database is a file. */
import type { Store } from "../db/store.ts";
import type { Quotas } from "./limits/quotas.ts";
import { SharedKeys, type SharedKeysOptions } from "./shared-keys.ts";
import type { Log } from "./telemetry/log.ts";

/** How often the use of caps is read, for who looks at them, and for soft ones. */
const USAGE_MS = 5_000;

/** Null: nobody shares it. @throws (rejects with) ConfigError where others have other keys */
export async function openSharedKeys(
  store: Store,
  options: Omit<SharedKeysOptions, "store">,
): Promise<SharedKeys | null> {
  return store.shared === null ? null : SharedKeys.open({ store, ...options });
}

/** What an earlier process had reserved and never wrote down. If it can't be done now, time does it. */
export async function forgetReservations({ shared }: Store, log: Log): Promise<void> {
  try {
    await shared?.flush();
    await shared?.reservations.forgetEarlier();
  } catch {
    log.write("warn", "reservations of an earlier process stay until they expire");
  }
}

/** What is used of the caps. Rejects if it can't be read, but from a database that others share: that is read again, and again. */
export async function loadUsage({ shared }: Store, quotas: Quotas): Promise<void> {
  const loading = quotas.loadUsage();
  await (shared === null ? loading : loading.catch(() => undefined));
}

export interface Following {
  readonly store: Store;
  readonly quotas: Quotas;
  readonly log: Log;
  /** What another gateway's administrator has set counts here when it resolves. */
  readonly reload: () => Promise<void>;
}

/** @returns ends it */
export function followOthers({ store, quotas, log, reload }: Following): () => void {
  if (store.shared === null) return () => undefined;
  store.shared.onChange(reload);
  const usage = setInterval(() => {
    quotas
      .loadUsage()
      .catch(() => log.write("warn", "the use of caps not read; as it was last, it stays"));
  }, USAGE_MS);
  return () => clearInterval(usage);
}
