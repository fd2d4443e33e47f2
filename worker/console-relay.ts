/** A console that stands inside alone, as a place to which callers are led through the gateway. */
import type { Destination, Egress, RelayCaller } from "./egress.ts";

const CONSOLE = "console";

/** @param origin null: there is no such console */
export function consoleDestinations(origin: string | null): Destination[] {
  return origin === null ? [] : [{ name: CONSOLE, reason: "console", origin, allowPrivate: true }];
}

/** Joins a caller with it. */
export function createConsoleRelay(
  origin: string | null,
  egress: Egress,
): ((caller: RelayCaller) => void) | null {
  return origin === null ? null : (caller) => egress.relay(CONSOLE, caller);
}
