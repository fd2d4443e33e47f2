/**
 * A new connection to a destination: its name is resolved, every address is judged, and the connection goes to the very
 * address that was judged. For HTTPS the certificate must be valid for the destination's name.
 */
import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import {
  connect as connectTls,
  createSecureContext,
  rootCertificates,
  type SecureContext,
} from "node:tls";
import { EgressError, type Destination } from "../egress.ts";
import { classifyAddress } from "./addresses.ts";

/** How long a resolved name is used. */
const NAME_TTL_MS = 30_000;

export type Resolve = (host: string) => Promise<readonly string[]>;

export interface DialOptions {
  readonly resolve: Resolve;
  readonly connectMs: number;
  readonly now: () => number;
  /** Whom to believe; null: the runtime's own authorities. */
  readonly secureContext: SecureContext | null;
}

export interface Dial {
  /** Stops trying. */
  cancel(): void;
}

export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map((found) => found.address);

/** Resolved names, for a while. Callers that ask at the same time share one question; failures are not kept. */
export function cachedResolve(resolve: Resolve, now: () => number): Resolve {
  const known = new Map<string, { readonly addresses: readonly string[]; readonly at: number }>();
  const asked = new Map<string, Promise<readonly string[]>>();

  async function ask(host: string): Promise<readonly string[]> {
    try {
      const addresses = await resolve(host);
      known.set(host, { addresses, at: now() });
      return addresses;
    } finally {
      asked.delete(host);
    }
  }
  return (host) => {
    const found = known.get(host);
    if (found !== undefined && now() - found.at < NAME_TTL_MS) {
      return Promise.resolve(found.addresses);
    }
    const pending = asked.get(host) ?? ask(host);
    asked.set(host, pending);
    return pending;
  };
}

/**
 * The runtime's authorities and further ones; made once, since it reads every certificate.
 * @param extraCa PEM
 */
export function contextWith(extraCa: string): SecureContext {
  return createSecureContext({ ca: [...rootCertificates, extraCa] });
}

export interface Target {
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

export function targetOf(origin: string): Target {
  const url = new URL(origin);
  const isTls = url.protocol === "https:";
  return {
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
  };
}

/** Calls `done` once: with a connected socket, or with `refused`, `unresolvable`, `unreachable` or `timeout_connect`. */
export function dial(
  destination: Destination,
  target: Target,
  options: DialOptions,
  done: (result: Socket | EgressError) => void,
): Dial {
  const deadline = options.now() + options.connectMs;
  let socket: Socket | null = null;
  let isOver = false;
  const finish = (result: Socket | EgressError): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (result instanceof EgressError) socket?.destroy();
    done(result);
  };
  const timer = setTimeout(() => finish(new EgressError("timeout_connect")), options.connectMs);

  async function run(): Promise<void> {
    const addresses = await resolveTarget(target.host, options.resolve);
    if (addresses.length === 0) return finish(new EgressError("unresolvable"));
    const allowed = addresses.filter((address) => isAllowed(address, destination));
    if (allowed.length === 0) return finish(new EgressError("refused"));
    for (const [at, address] of allowed.entries()) {
      if (isOver) return;
      const attempt = open(address, target, options.secureContext);
      socket = attempt;
      // A silent address may have its share of the time only, so that the next one has a chance.
      const left = allowed.length - at;
      const limitMs = left === 1 ? Infinity : (deadline - options.now()) / left;
      if (await connected(attempt, target.isTls, limitMs)) return finish(attempt);
      attempt.destroy();
    }
    finish(new EgressError("unreachable"));
  }
  run().catch(() => finish(new EgressError("unreachable")));

  return {
    cancel() {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket?.destroy();
    },
  };
}

async function resolveTarget(host: string, resolve: Resolve): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return await resolve(host);
  } catch {
    return [];
  }
}

function isAllowed(address: string, destination: Destination): boolean {
  const kind = classifyAddress(address);
  return kind === "public" || (kind === "private" && destination.allowPrivate);
}

function open(address: string, target: Target, secureContext: SecureContext | null): Socket {
  const place = { host: address, port: target.port };
  if (!target.isTls) return connectPlain(place);
  return connectTls({
    ...place,
    // The name decides: for SNI, and for what the certificate must be valid for.
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true,
    ...(secureContext === null ? {} : { secureContext }),
  });
}

/** False for every way of not getting there; the socket's errors say more than may be told. */
function connected(socket: Socket, isTls: boolean, limitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = limitMs === Infinity ? undefined : setTimeout(() => resolve(false), limitMs);
  socket.once(isTls ? "secureConnect" : "connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  socket.once("close", () => resolve(false));
  return promise.finally(() => clearTimeout(timer));
}
