/** What the console reads from its environment, and no more. Faults are reported together, by variable name. */

export interface ConsoleSettings {
  readonly host: string;
  readonly port: number;
  /** Where people's browsers find it; null: loopback names alone. */
  readonly publicUrl: URL | null;
  readonly gatewayUrl: string;
  /** Where tools find the gateway. */
  readonly publicGatewayUrl: string;
}

const DEFAULT_PORT = "3000";
const DEFAULT_GATEWAY = "http://127.0.0.1:8787";

/** @throws Error whose message names every fault */
export function readSettings(env: Readonly<Record<string, string | undefined>>): ConsoleSettings {
  const faults: string[] = [];
  const port = env["ANYRAY_CONSOLE_PORT"] || DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    faults.push("ANYRAY_CONSOLE_PORT must be a port, 0 to 65535.");
  }
  const publicUrl = readOrigin("ANYRAY_CONSOLE_URL", env["ANYRAY_CONSOLE_URL"], faults);
  const gatewayUrl = readOrigin(
    "ANYRAY_GATEWAY_URL",
    env["ANYRAY_GATEWAY_URL"] || DEFAULT_GATEWAY,
    faults,
  );
  const publicGatewayUrl = readOrigin("ANYRAY_PUBLIC_URL", env["ANYRAY_PUBLIC_URL"], faults);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return {
    host: env["ANYRAY_HOST"] || "127.0.0.1",
    port: Number(port),
    publicUrl,
    gatewayUrl: gatewayUrl?.origin ?? DEFAULT_GATEWAY,
    publicGatewayUrl: (publicGatewayUrl ?? gatewayUrl)?.origin ?? DEFAULT_GATEWAY,
  };
}

/** A place without a path: the console lives at the root, so that its cookie can be bound to the host. */
function readOrigin(name: string, text: string | undefined, faults: string[]): URL | null {
  if (text === undefined || text === "") return null;
  const url = URL.parse(text);
  const isGood =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === "/" &&
    url.search + url.hash + url.username + url.password === "";
  if (isGood) return url;
  faults.push(`${name} must be http:// or https:// with a host, and no path.`);
  return null;
}
