/**
 * Proxy variables of the environment. The runtimes' clients obey them, also on the way to addresses that were checked and pinned,
 * so the main files remove them before anything connects.
 */

const PROXY_VARIABLE = /^(?:https?|all|no|ftp|wss?|socks[45]?)_proxy$/i;

/** Deletes them from `env` (in any letter case) and returns the names that were there, for the log. */
export function removeProxyVariables(env: Record<string, string | undefined>): readonly string[] {
  const names = Object.keys(env).filter((name) => PROXY_VARIABLE.test(name));
  for (const name of names) delete env[name];
  return names;
}
