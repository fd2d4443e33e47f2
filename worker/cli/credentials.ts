/** The sealed credentials of providers, for `anyray keys rotate`: sealed anew, each with its audit entry. */
import { record } from "../audit/record.ts";
import type { Keyring } from "../encryption/keyring.ts";
import {
  credentialProblem,
  decodeProvider,
  PROVIDER_SETTING,
  rewrapProvider,
} from "../providers/stored-provider.ts";
import type { ContentTools } from "./content-tools.ts";

export interface RotatedCredentials {
  readonly total: number;
  /** Sealed anew, or to be where nothing is changed. */
  readonly wrapped: number;
  /** Under a master key that is not here. */
  readonly lost: number;
  /** Damaged, or changed by someone else meanwhile. */
  readonly failed: number;
}

export async function rotateCredentials(
  tools: ContentTools,
  keyring: Keyring,
  isDry: boolean,
): Promise<RotatedCredentials> {
  const counts = { total: 0, wrapped: 0, lost: 0, failed: 0 };
  const store = await tools.openStore();
  try {
    for (const { name: setting, value, version } of await store.settings.list(PROVIDER_SETTING)) {
      const name = setting.slice(PROVIDER_SETTING.length);
      const stored = decodeProvider(value);
      if (stored === null || stored === "unreadable" || stored.sealed === null) continue;
      counts.total += 1;
      try {
        const anew = rewrapProvider(name, stored, keyring, tools.random);
        if (anew === null) continue;
        if (!isDry) {
          const after = { kid: keyring.kid, version: version + 1 };
          const entry = { action: "keys.rotate", target: setting, before: null, after } as const;
          await record(store.audit, { ...entry, timeMs: tools.now(), actor: "cli" }, [
            { kind: "setting", name: setting, value: anew, expectedVersion: version },
          ]);
        }
        counts.wrapped += 1;
      } catch (error) {
        counts[credentialProblem(error) === "unknown_key" ? "lost" : "failed"] += 1;
      }
    }
  } finally {
    await store.close();
  }
  return counts;
}
