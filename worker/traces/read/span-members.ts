/** What spans of all back ends have in common: ids and times, in each of the spellings that are met. */
import { Buffer } from "node:buffer";
import { join, type Members, SourceFault } from "./json-places.ts";

/** The newest time that a `Date` can say, ms since 1970. */
const MAX_TIME_MS = 8_640_000_000_000_000;
const HEX = /^[0-9a-fA-F]+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Hex, perhaps without its leading zeros, or base64 as Tempo gives it → lower-case hex. @throws SourceFault */
export function readId(span: Members, name: string, sizeBytes: number, place: string): string {
  const value = span[name];
  if (typeof value === "string") {
    if (HEX.test(value) && value.length <= 2 * sizeBytes) {
      return value.toLowerCase().padStart(2 * sizeBytes, "0");
    }
    const bytes = BASE64.test(value) ? Buffer.from(value, "base64") : null;
    if (bytes?.length === sizeBytes) return bytes.toString("hex");
  }
  throw new SourceFault(`${join(place, name)} is no id of ${sizeBytes} bytes in hex or base64`);
}

/** Null for none, however that is spelt. @throws SourceFault */
export function readOptionalId(
  span: Members,
  name: string,
  sizeBytes: number,
  place: string,
): string | null {
  if ((span[name] ?? "") === "") return null;
  const id = readId(span, name, sizeBytes, place);
  return /^0+$/.test(id) ? null : id;
}

/** OTLP's number or name of a `SpanKind`, or Jaeger's. */
export function readKind(value: unknown): "server" | "client" | "other" {
  if (value === 2 || value === "SPAN_KIND_SERVER" || value === "server") return "server";
  return value === 3 || value === "SPAN_KIND_CLIENT" || value === "client" ? "client" : "other";
}

/** A whole number of 1/`perMs` ms since 1970 → ms; null for none. @throws SourceFault */
export function readTime(span: Members, name: string, perMs: bigint, place: string): number | null {
  const value = span[name] ?? null;
  if (value === null) return null;
  // Nanoseconds are written as text, because a number loses their last digits; both are met.
  const digits = typeof value === "number" ? toDigits(value) : value;
  if (typeof digits === "string" && /^\d{1,24}$/.test(digits)) {
    const timeMs = Number(BigInt(digits) / perMs);
    if (timeMs === 0) return null;
    if (timeMs <= MAX_TIME_MS) return timeMs;
  }
  throw new SourceFault(`${join(place, name)} is no time`);
}

function toDigits(value: number): string | null {
  return value >= 0 && value < 1e21 ? String(Math.floor(value)) : null;
}
