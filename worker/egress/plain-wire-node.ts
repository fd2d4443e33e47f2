/** Plain TCP on runtimes without sockets of their own that we use. */
import type { Target } from "./dial.ts";
import { asWire, openSocket } from "./wire-node.ts";
import type { Opening, Wire } from "./wire.ts";

export function openPlainWire(address: string, target: Target): Opening<Wire> {
  return asWire(openSocket(address, target));
}
