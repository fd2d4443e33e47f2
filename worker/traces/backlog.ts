/**
 * What waits while the Collector is away, and what is given up when it is too much: the oldest. The rows themselves stay in the
 * ledger, and their content as long as it is kept; only the back end will never have their spans.
 */
import type { ContentStore, LedgerRow, LedgerTail, Outbox } from "../../db/store.ts";

const BATCH_ROWS = 256;
/** Of two spans without content, as protocol buffers. */
const ROW_BYTES = 2_000;
/** Given up until so much of the bound is left, so that it does not happen row by row. */
const AFTER = 0.9;

export interface BacklogOptions {
  readonly tail: LedgerTail;
  readonly content: Pick<ContentStore, "inlineBytes">;
  readonly outbox: Outbox;
  readonly maxBytes: number;
}

export interface Held {
  /** What waits, about: as it would be sent. */
  readonly bytes: number;
  /** Rows that were given up now. */
  readonly dropped: number;
}

export interface Backlog {
  /** Measures what has come since the last call, and keeps to the bound. Rejects if the stores can't be read or written. */
  hold(): Promise<Held>;
  /** What still waits of what was measured, in bytes; while it is being handed over. */
  left(): Promise<number>;
}

export function createBacklog({ tail, content, outbox, maxBytes }: BacklogOptions): Backlog {
  /** Where the backlog begins; null: not looked at yet. */
  let start: string | null = null;
  /** Measured up to this row. */
  let end = "";
  let bytes = 0;

  async function sizeOf({ traceId }: LedgerRow): Promise<number> {
    return ROW_BYTES + Math.ceil(((await content.inlineBytes(traceId)) * 4) / 3);
  }

  async function drop(from: string): Promise<number> {
    let place = from;
    let dropped = 0;
    while (bytes > maxBytes * AFTER) {
      const rows = await tail.after(place, BATCH_ROWS);
      for (const row of rows) {
        if (bytes <= maxBytes * AFTER) break;
        bytes -= await sizeOf(row);
        place = row.id;
        dropped += 1;
      }
      if (rows.length === 0) bytes = 0;
    }
    await outbox.setHandedOver(place);
    start = place;
    return dropped;
  }

  /** Of the rows behind one, up to another. */
  async function sizeBetween(from: string, to: string): Promise<number> {
    let size = 0;
    for (let at = from; at < to;) {
      const rows = await tail.after(at, BATCH_ROWS);
      for (const row of rows) if (row.id <= to) size += await sizeOf(row);
      at = rows.at(-1)?.id ?? to;
    }
    return size;
  }

  /** Takes off what was handed over meanwhile. @returns where it begins */
  async function move(): Promise<string> {
    const place = (await outbox.handedOver()) ?? (await tail.newestId());
    if (start !== null && start < place && place < end) {
      // The rest is not looked at again: it may be a million rows.
      bytes = Math.max(0, bytes - (await sizeBetween(start, place)));
      start = place;
    } else if (place !== start) {
      start = end = place;
      bytes = 0;
    }
    return place;
  }

  return {
    async left() {
      if (start !== null) await move();
      return bytes;
    },
    async hold() {
      const place = await move();
      for (;;) {
        const rows = await tail.after(end, BATCH_ROWS);
        for (const row of rows) bytes += await sizeOf(row);
        end = rows.at(-1)?.id ?? end;
        if (rows.length < BATCH_ROWS) break;
      }
      const dropped = bytes > maxBytes ? await drop(place) : 0;
      return { bytes, dropped };
    },
  };
}
