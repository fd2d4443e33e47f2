/**
 * A new connection to a destination: its name is resolved, every address is judged, and the connection goes to the very
 * address that was judged. For HTTPS the certificate must be valid for the destination's name.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { openPlainWire } from "#plain-wire";
import { EgressError, type Destination } from "../egress.ts";
import { classifyAddress } from "./addresses.ts";
import { openTlsWire } from "./wire-node.ts";
import type { Opening, Wire } from "./wire.ts";

/** How long a resolved name is used. */
const NAME_TTL_MS = 30_000;

export type Resolve = (host: string) => Promise<readonly string[]>;

export interface DialOptions {
  readonly resolve: Resolve;
  readonly connectMs: number;
  readonly now: () => number;
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

/** @param secureContext whom to believe; null: the runtime's own authorities */
export function openWire(
  address: string,
  target: Target,
  secureContext: SecureContext | null,
): Opening<Wire> {
  return target.isTls
    ? openTlsWire(address, target, secureContext)
    : openPlainWire(address, target);
}

/**
 * Calls `done` once: with what is connected, or with `refused`, `unresolvable`, `unreachable` or `timeout_connect`.
 * @param open to one address that was judged
 */
export function dial<Connected>(
  destination: Destination,
  target: Target,
  options: DialOptions,
  open: (address: string, target: Target) => Opening<Connected>,
  done: (result: Connected | EgressError) => void,
): Dial {
  const deadline = options.now() + options.connectMs;
  let opening: Opening<Connected> | null = null;
  let isOver = false;
  const finish = (result: Connected | EgressError): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (result instanceof EgressError) opening?.destroy();
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
      const attempt = open(address, target);
      opening = attempt;
      // A silent address may have its share of the time only, so that the next one has a chance.
      const left = allowed.length - at;
      const limitMs = left === 1 ? Infinity : (deadline - options.now()) / left;
      const connected = await within(attempt.connected, limitMs);
      if (connected !== null) return finish(connected);
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
      opening?.destroy();
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

/** Null where the time is over first. */
function within<Value>(promise: Promise<Value | null>, limitMs: number): Promise<Value | null> {
  if (limitMs === Infinity) return promise;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), limitMs);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
