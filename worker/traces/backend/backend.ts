/**
 * The port to a trace back end, which is only read: what it gives back of a trace, and whether it finds one. Lists of requests are made of
 * the ledger instead, which has them all, in a stable order, exactly filtered; a back end's search has the first few that it met.
 */
import type { StoredSpan } from "../read/stored-span.ts";

export const TRACE_BACKENDS = ["embedded", "jaeger", "tempo"] as const;
export type TraceBackendName = (typeof TRACE_BACKENDS)[number];

export interface StoredTrace {
  readonly spans: readonly StoredSpan[];
  /** It says that it could not give all of it. */
  readonly isPartial: boolean;
}

export interface TraceBackend {
  readonly name: Exclude<TraceBackendName, "embedded">;
  /** Null: it has no such trace, or not yet. @param aboutMs when it began. Rejects with `BackendError`. */
  trace(traceId: string, aboutMs: number): Promise<StoredTrace | null>;
  /** The ids of traces that its search finds, some of them. Rejects with `BackendError`. */
  find(query: TraceSearch): Promise<readonly string[]>;
}

export interface TraceSearch {
  /** Of the request's span. */
  readonly spanName: string;
  /** `req_…` */
  readonly requestId: string;
  /** Inclusive, and exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

export type BackendFailure =
  /** No answer, or one that asks to come again. */
  | "backend_away"
  /** It refuses us. */
  | "backend_refused"
  /** Its answer is no trace, or too large. */
  | "backend_unreadable";

/** Quotes nothing of what the other side said. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly code: BackendFailure;
  constructor(code: BackendFailure) {
    super(`trace back end: ${code}`);
    this.code = code;
  }
}
