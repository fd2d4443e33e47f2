/**
 * Our own identifiers. UUIDv7 (RFC 9562 §5.7) orders by time of minting and never goes back, even when the clock does;
 * a request's trace id is one without its dashes, so that indexes over it grow at one end.
 */
import { getRandomValues } from "node:crypto";

const POOL_BYTES = 8192;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

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
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  let lastMs =
    newestRowId === null ? 0 : Number.parseInt(newestRowId.replace("-", "").slice(0, 12), 16) + 1;
  let sequence = 0;

  function mint(): string {
    const now = nowMs();
    if (now > lastMs) {
      lastMs = now;
      sequence = 0;
    } else if (++sequence > 0xfff) {
      lastMs += 1;
      sequence = 0;
    }
    if (used + 8 > POOL_BYTES) {
      getRandomValues(pool);
      used = 0;
    }
    const time = lastMs.toString(16).padStart(12, "0");
    const counter = sequence.toString(16).padStart(3, "0");
    const variant = HEX[0x80 | ((pool[used] ?? 0) & 0x3f)] ?? "";
    let tail = "";
    for (let i = 1; i < 8; i++) tail += HEX[pool[used + i] ?? 0];
    used += 8;
    return `${time}7${counter}${variant}${tail}`;
  }

  return {
    traceId: mint,
    rowId: () => {
      const hex = mint();
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  };
}
