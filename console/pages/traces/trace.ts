/** One trace as the API gives it, and how its spans' attributes are read. */
import type { AdminApi } from "../../api.ts";

type TraceRoute = ReturnType<AdminApi["traces"]>;
export type Trace = NonNullable<Awaited<ReturnType<TraceRoute["get"]>>["data"]>;
type AnySpan = Trace["spans"][number];
export type TraceSpan = Omit<AnySpan, "attributes"> & {
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** Null: the span does not say. */
export function textOf({ attributes }: TraceSpan, name: string): string | null {
  const value = attributes[name];
  return value === undefined || value === null ? null : String(value);
}

/** Null: the span does not say. */
export function numberOf(span: TraceSpan, name: string): number | null {
  const value = Number(span.attributes[name] ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}
