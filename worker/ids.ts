/**
 * Our own identifiers. UUIDv7 (RFC 9562 §5.7) orders by time of minting and never goes back, even when the clock does;
 * a request's trace id is one without its dashes, so that indexes over it grow at one end.
 */
import { randomBytes } from "node:crypto";

/** Random hex digits are drawn in bulk: 16 an id. */
const POOL_DIGITS = 16_384;
const TAIL_DIGITS = 16;
const VARIANTS = ["8", "9", "a", "b"];

export interface IdSource {
  /** 32 lower-case hex digits: a UUIDv7 without dashes. */
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
  /** The first 13 digits, which change once a millisecond. */
  let prefix = "";

  function mint(): string {
    const now = nowMs();
    if (now > lastMs) {
      lastMs = now;
      sequence = 0;
      prefix = "";
    } else if (++sequence > 0xfff) {
      lastMs += 1;
      sequence = 0;
      prefix = "";
    }
    if (prefix === "") prefix = `${lastMs.toString(16).padStart(12, "0")}7`;
    if (used + TAIL_DIGITS > pool.length) {
      pool = randomBytes(POOL_DIGITS / 2).toString("hex");
      used = 0;
    }
    const counter = (0x1000 + sequence).toString(16).slice(1);
    const variant = VARIANTS[pool.charCodeAt(used) & 3] ?? "8";
    const tail = pool.slice(used + 1, used + TAIL_DIGITS);
    used += TAIL_DIGITS;
    return prefix + counter + variant + tail;
  }

  return {
    traceId: mint,
    rowId: () => {
      const hex = mint();
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  };
}
