/** What the gateway and its exporting thread say to each other. Types only. */
import type { Resource } from "./otlp.ts";
import type { SendResult } from "./shipping.ts";

export interface ExportTask {
  readonly dataDir: string;
  readonly resource: Resource;
  readonly sampledShare: number;
  /** The newest row before this process served; null: there was none. */
  readonly startAfter: string | null;
  /** What may wait while the Collector is away. */
  readonly maxWaitingBytes: number;
}

export type ToExporter =
  | { readonly kind: "sent"; readonly id: number; readonly result: SendResult }
  | { readonly kind: "unsealed"; readonly id: number; readonly isUnsealed: boolean }
  | { readonly kind: "close" };

/** `store_failed`: the ledger, the content or the outbox can't be read or written. */
export type ExportState = "ok" | "collector_away" | "store_failed";

export type FromExporter =
  | { readonly kind: "send"; readonly id: number; readonly body: ArrayBuffer }
  /** Whether the request's content is still to be sealed. */
  | { readonly kind: "ask"; readonly id: number; readonly traceId: string }
  | {
      readonly kind: "step";
      readonly state: ExportState;
      readonly spans: number;
      readonly rejectedSpans: number;
      /** Refused for good, since the beginning. */
      readonly setAside: number;
      /** What waits while the Collector is away, about. */
      readonly waitingBytes: number;
      /** Rows given up, because too much waited. */
      readonly dropped: number;
      /** Of the data directory, where one can't be read or written; null: none, or it is not known. */
      readonly file: string | null;
    }
  | { readonly kind: "closed" };
