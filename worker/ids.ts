/**
 * Our own identifiers, UUIDv7 (RFC 9562 §5.7), which order by time. Row ids never go back, even when the clock does. A
 * request's trace id is one without its dashes, by the clock as it is, so that rows lie in the order of their time.
 */
import { randomBytes } from "node:crypto";

/** Random hex digits are drawn in bulk: 16 an id, the first of them one of four that name the variant of UUID. */
const POOL_DIGITS = 16_384;
const TAIL_DIGITS = 16;
const VARIANTS = ["8", "9", "a", "b"];
/** Of a counter of twelve bits. */
const COUNTERS: readonly string[] = Array.from({ length: 0x1000 }, (_, counter) =>
  counter.toString(16).padStart(3, "0"),
);

/** Of the request's own span: the random half of the trace id names it, so that nothing more has to be stored. */
export function requestSpanId(traceId: string): string {
  return traceId.slice(16);
}

const REQUEST_ID = /^req_([0-9a-f]{32})$/;

/** One id names a request everywhere: to the client, in the ledger, in the log. */
export function requestIdOf(traceId: string): string {
  return `req_${traceId}`;
}

/** Null for what is none of our request ids. */
export function traceIdOfRequest(requestId: unknown): string | null {
  return typeof requestId === "string" ? (REQUEST_ID.exec(requestId)?.[1] ?? null) : null;
}

export interface IdSource {
  /** 32 lower-case hex digits: a UUIDv7 without dashes, of this moment. */
  traceId(): string;
  /** A UUIDv7 with dashes, strictly above every one minted before. */
  rowId(): string;
}

/**
 * @param nowMs wall clock, ms since 1970
 * @param newestRowId ids are minted above this one, whatever the clock says; null for an empty ledger
 */
export function createIdSource(nowMs: () => number, newestRowId: string | null): IdSource {
  let pool = "";
  let used = 0;
  let lastMs =
    newestRowId === null ? 0 : Number.parseInt(newestRowId.replace("-", "").slice(0, 12), 16) + 1;
  let sequence = 0;
  let traceCounter = 0;
  /** The digits of a time are the same for a whole millisecond. */
  let timeMs = -1;
  let timeDigits = "";

  /** Moves on in the pool. @returns where 16 unused digits begin */
  function draw(): number {
    if (used + TAIL_DIGITS > pool.length) {
      pool = randomBytes(POOL_DIGITS / 2).toString("hex");
      used = 0;
    }
    const at = used;
    used += TAIL_DIGITS;
    return at;
  }

  function variantAt(at: number): string {
    return VARIANTS[pool.charCodeAt(at) & 3] ?? "8";
  }

  function digitsOf(ms: number): string {
    if (ms !== timeMs) {
      timeMs = ms;
      timeDigits = ms.toString(16).padStart(12, "0");
    }
    return timeDigits;
  }

  return {
    // By the clock as it is: rows are found by it, and only their own ids must never go back.
    traceId() {
      const at = draw();
      const counter = COUNTERS[traceCounter++ & 0xfff] ?? "";
      return `${digitsOf(nowMs())}7${counter}${variantAt(at)}${pool.slice(at + 1, at + TAIL_DIGITS)}`;
    },
    rowId() {
      const now = nowMs();
      if (now > lastMs) {
        lastMs = now;
        sequence = 0;
      } else if (++sequence > 0xfff) {
        lastMs += 1;
        sequence = 0;
      }
      const at = draw();
      const time = digitsOf(lastMs);
      const counter = COUNTERS[sequence] ?? "";
      return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variantAt(at)}${pool.slice(at + 1, at + 4)}-${pool.slice(at + 4, at + TAIL_DIGITS)}`;
    },
  };
}
