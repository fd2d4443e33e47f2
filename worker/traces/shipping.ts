/**
 * Hands over the spans of the ledger's rows, in order: what was taken is never sent again, what was not taken stays. The ledger
 * itself is the queue: a row is on disk before its answer ends, so that no span has to be written first. Runs in the exporter's
 * thread; everything from outside is handed in.
 */
import type { ContentRow, ContentStore, LedgerRow, LedgerTail, Outbox } from "../../db/store.ts";
import { encodeSpans, type Resource } from "./otlp.ts";
import { isSampled } from "./sampling.ts";
import { attemptSpan, isFollowed, requestSpan, type Span, traceIdOf } from "./span.ts";

const BATCH_ROWS = 256;
/** Half of what the Collector takes at once; a batch ends behind the row that passes it. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** The parts of a request are sealed after its answer: its span waits for them at least as long as this. */
export const SETTLE_MS = 2_000;
/** And as long as this at most where they are on their way: much is to be sealed, or the client reads its answer's end slowly. */
export const SEALING_MS = 60_000;

/** What became of one export. */
export type SendResult =
  | { readonly kind: "taken"; readonly rejectedSpans: number }
  /** Not now. @param afterMs what the other side asked for */
  | { readonly kind: "later"; readonly afterMs: number | null }
  /** Never. */
  | { readonly kind: "refused"; readonly status: number };

export interface ShippingOptions {
  readonly tail: LedgerTail;
  readonly content: Pick<ContentStore, "ofTrace">;
  readonly outbox: Outbox;
  readonly resource: Resource;
  /** Of the traces, 0 to 1; the others stay here. */
  readonly sampledShare: number;
  /** At the very first start the rows behind this one are handed over; null: all. */
  readonly startAfter: string | null;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
  /** ms of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** Whether the request's content is still on its way to the content store. */
  readonly isUnsealed: (traceId: string) => Promise<boolean>;
  readonly send: (body: Uint8Array) => Promise<SendResult>;
}

export interface StepResult {
  readonly spans: number;
  readonly rejectedSpans: number;
  readonly setAside: number;
  /** More may be there at once. */
  readonly isMore: boolean;
  /** Null: all went well; else the other side could not take it, perhaps until then. */
  readonly later: { readonly afterMs: number | null } | null;
}

interface Total {
  spans: number;
  rejectedSpans: number;
  setAside: number;
}

export interface Shipping {
  /** One batch. Rejects if the stores can't be read or written: nothing is lost then. */
  step(): Promise<StepResult>;
}

export function createShipping(options: ShippingOptions): Shipping {
  const { tail, content, outbox, resource, sampledShare, now, monotonic, send } = options;
  /** Up to this row all was taken, though it may not stand in the outbox: on a full disk nothing is sent again and again. */
  let taken = "";
  /** Rows up to this one were there at that time of the monotonic clock. */
  let seen: { readonly id: string; readonly atMs: number } | null = null;

  /** Where to go on: at the very first start behind what was there before. */
  async function place(): Promise<string> {
    const known = await outbox.handedOver();
    if (known !== null) return known > taken ? known : taken;
    const first = options.startAfter ?? "";
    await outbox.setHandedOver(first);
    return first;
  }

  /**
   * The first of them that were settled long enough ago. Their ids tell it, unless a clock that was put back has left them in the
   * future: then it counts how long they are known here.
   */
  async function settled(rows: readonly LedgerRow[]): Promise<readonly LedgerRow[]> {
    const limit = now() - SETTLE_MS;
    const time = monotonic();
    const isOver = seen !== null && time - seen.atMs >= SETTLE_MS;
    const known = isOver ? (seen?.id ?? "") : "";
    const young = rows.findIndex(({ id }) => idTime(id) > limit && id > known);
    if (young < 0) return rows;
    if (seen === null || isOver) seen = { id: await tail.newestId(), atMs: time };
    return rows.slice(0, young);
  }

  /** Null: it will be there later. */
  async function contentOf(row: LedgerRow): Promise<readonly ContentRow[] | null> {
    const stored = await content.ofTrace(row.traceId);
    if (stored.length > 0 || row.contentMode === null || row.contentMode === "off") return stored;
    const isYoung = idTime(row.id) > now() - SEALING_MS;
    if (isYoung && (await options.isUnsealed(row.traceId))) return null;
    // It may have come between the two questions.
    return content.ofTrace(row.traceId);
  }

  /** Null: they can't be made yet. */
  async function spansOf(row: LedgerRow): Promise<Span[] | null> {
    if (!isSampled(traceIdOf(row), sampledShare)) return [];
    const attempt = attemptSpan(row);
    const spans = attempt === null ? [] : [attempt];
    if (isFollowed(row)) return spans;
    const parts = await contentOf(row);
    return parts === null ? null : [...spans, requestSpan(row, parts)];
  }

  /** Of the first rows: as many as fit, and up to one that must wait. */
  async function batch(rows: readonly LedgerRow[]) {
    const shipped: { readonly row: LedgerRow; readonly spans: readonly Span[] }[] = [];
    let bytes = 0;
    for (const row of rows) {
      if (bytes > BATCH_BYTES) break;
      const spans = await spansOf(row);
      if (spans === null) return { shipped, isHeld: true };
      shipped.push({ row, spans });
      bytes += 1_000 + spans.reduce((sum, span) => sum + contentBytes(span), 0);
    }
    return { shipped, isHeld: false };
  }

  /** @returns what stands in the way, or null */
  async function ship(
    rows: readonly { readonly row: LedgerRow; readonly spans: readonly Span[] }[],
    total: Total,
  ): Promise<StepResult["later"]> {
    const last = rows.at(-1);
    if (last === undefined) return null;
    const spans = rows.flatMap((each) => each.spans);
    const result: SendResult =
      spans.length === 0
        ? { kind: "taken", rejectedSpans: 0 }
        : await send(encodeSpans(spans, resource));
    if (result.kind === "later") return { afterMs: result.afterMs };
    if (result.kind === "taken") {
      taken = last.row.id;
      await outbox.setHandedOver(taken);
      // The number is the other side's word.
      const rejected = Math.min(Math.max(0, result.rejectedSpans), spans.length);
      total.spans += spans.length - rejected;
      total.rejectedSpans += rejected;
      return null;
    }
    if (rows.length > 1) {
      // One of them is refused, not all: halves find it.
      const middle = Math.ceil(rows.length / 2);
      return (await ship(rows.slice(0, middle), total)) ?? (await ship(rows.slice(middle), total));
    }
    // Who refuses an export of nothing, too, refuses everything: that is put right elsewhere, and costs no row.
    const empty = await send(new Uint8Array());
    if (empty.kind === "refused") return { afterMs: null };
    if (empty.kind === "later") return { afterMs: empty.afterMs };
    const { id: rowId, traceId } = last.row;
    await outbox.setAside({ rowId, traceId, status: result.status, timeMs: now() });
    total.setAside += 1;
    return null;
  }

  return {
    async step() {
      const rows = await tail.after(await place(), BATCH_ROWS);
      const ready = await settled(rows);
      const { shipped, isHeld } = await batch(ready);
      const total: Total = { spans: 0, rejectedSpans: 0, setAside: 0 };
      const later = await ship(shipped, total);
      const isMore =
        later === null && !isHeld && (shipped.length < ready.length || rows.length === BATCH_ROWS);
      return { ...total, isMore: isMore && ready.length > 0, later };
    },
  };
}

/** When a row was settled: its id is a UUIDv7. */
function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

function contentBytes({ attributes }: Span): number {
  const length = (name: "anyray.content.input" | "anyray.content.output") =>
    String(attributes.get(name) ?? "").length;
  return length("anyray.content.input") + length("anyray.content.output");
}
