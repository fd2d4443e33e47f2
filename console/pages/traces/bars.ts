/** A trace's spans as rows of a waterfall. Pure. */
import type { WaterfallRow } from "../../components/charts/waterfall.tsx";
import { outcomeText } from "../../components/outcome.tsx";
import { numberOf, textOf, type TraceSpan } from "./trace.ts";

/** @param spans the request's first, then its attempts in their order */
export function barsOf(spans: readonly TraceSpan[]): readonly WaterfallRow[] {
  const zero = Math.min(...spans.map(startOf).filter(Number.isFinite));
  if (!Number.isFinite(zero)) return [];
  const rows: WaterfallRow[] = [];
  // Spans say when the request was accepted; an attempt begins no sooner than the one before it was over.
  let free = 0;
  for (const span of spans) {
    const from = startOf(span) - zero;
    const to = Math.max(from, endOf(span) - zero);
    if (span.kind === "server") {
      rows.push({ ...labels(span), depth: 0, startMs: from, durationMs: to - from });
      continue;
    }
    const begun = Math.min(to, Math.max(from, free));
    free = to;
    rows.push({ ...labels(span), depth: 1, startMs: begun, durationMs: to - begun });
    const firstByte = numberOf(span, "anyray.ttfb_ms");
    if (firstByte === null || firstByte < begun || firstByte > to) continue;
    rows.push(
      {
        label: "until the first byte",
        depth: 2,
        startMs: begun,
        durationMs: firstByte - begun,
        tone: "quiet",
      },
      { label: "the answer", depth: 2, startMs: firstByte, durationMs: to - firstByte },
    );
  }
  return rows;
}

function labels(span: TraceSpan): Pick<WaterfallRow, "label" | "note" | "tone" | "href"> {
  const tone = span.is_error ? "bad" : "good";
  const outcome = outcomeText(textOf(span, "anyray.outcome") ?? "");
  const href = `#span-${encodeURIComponent(span.span_id)}`;
  if (span.kind === "server") return { label: "Request", tone, href, note: outcome };
  const attempt = numberOf(span, "anyray.attempt");
  const provider = textOf(span, "anyray.provider") ?? "";
  const status = numberOf(span, "anyray.upstream_status");
  const note = [provider, status === null ? "" : String(status), outcome];
  return {
    label: attempt === null ? span.name : `Attempt ${attempt}`,
    tone,
    href,
    note: note.filter((each) => each !== "").join(" · "),
  };
}

function startOf({ start }: TraceSpan): number {
  return start === null ? Number.NaN : Date.parse(start);
}

function endOf(span: TraceSpan): number {
  return span.end === null ? startOf(span) : Date.parse(span.end);
}
