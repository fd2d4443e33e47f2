/**
 * The span of the caller's that a request came from (W3C Trace Context, `traceparent`): what is kept of it, and what it means for
 * ours. Its flags, and `tracestate`, are not read: whether we sample is our own matter, and the other is free text.
 */

/** Version, trace id, span id, flags; a later version may have more behind them. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const NOTHING = /^0+$/;

export interface CallerSpan {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16. */
  readonly spanId: string;
  /** `parent`: our spans are part of that trace; `link`: they only point to it. */
  readonly use: "link" | "parent";
}

/** What a ledger row keeps: `<trace id>-<span id>-<use>`; null for no valid header. */
export function callerSpan(header: string | null, isTrusted: boolean): string | null {
  if (header === null) return null;
  const [, version, traceId = "", spanId = "", rest] = TRACEPARENT.exec(header.trim()) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) {
    return null;
  }
  if (NOTHING.test(traceId) || NOTHING.test(spanId)) return null;
  return `${traceId}-${spanId}-${isTrusted ? "parent" : "link"}`;
}

/** Of a ledger row. */
export function readCallerSpan(kept: string | null): CallerSpan | null {
  if (kept === null) return null;
  const [traceId = "", spanId = "", use] = kept.split("-");
  return { traceId, spanId, use: use === "parent" ? "parent" : "link" };
}
