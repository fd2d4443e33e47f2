/** Client keys as the admin API and `anyray keys list --json` show them: never their secrets. */
import type { ClientKey } from "../db/store.ts";

export type ClientKeyState = "active" | "expired" | "revoked";

export function clientKeyState(
  key: Pick<ClientKey, "revokedAtMs" | "expiresAtMs">,
  nowMs: number,
): ClientKeyState {
  if (key.revokedAtMs !== null) return "revoked";
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? "expired" : "active";
}

/** @param format of a time, ms since 1970 */
export function clientKeyJson(key: ClientKey, nowMs: number, format: (timeMs: number) => string) {
  const time = (timeMs: number | null): string | null => (timeMs === null ? null : format(timeMs));
  const isRotating = key.previousUntilMs !== null && key.previousUntilMs > nowMs;
  return {
    id: key.id,
    display: key.display,
    state: clientKeyState(key, nowMs),
    name: key.name,
    description: key.description,
    user: key.user,
    team: key.team,
    metadata: key.metadata,
    passthrough: key.passthrough,
    models: copyOf(key.models),
    endpoints: copyOf(key.endpoints),
    created_at: format(key.createdAtMs),
    expires_at: time(key.expiresAtMs),
    revoked_at: time(key.revokedAtMs),
    former_secret_until: isRotating ? time(key.previousUntilMs) : null,
  };
}

/** The types of answers know no lists that are only read. */
function copyOf(names: readonly string[] | null): string[] | null {
  return names === null ? null : [...names];
}
