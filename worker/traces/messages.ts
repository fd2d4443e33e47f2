/** What the gateway and its exporting thread say to each other. Types only. */
import type { Resource } from "./otlp.ts";
import type { SendResult } from "./shipping.ts";

export interface ExportTask {
  readonly dataDir: string;
  readonly resource: Resource;
}

export type ToExporter =
  | { readonly kind: "sent"; readonly id: number; readonly result: SendResult }
  | { readonly kind: "close" };

/** `store_failed`: the ledger, the content or the outbox can't be read or written. */
export type ExportState = "ok" | "collector_away" | "store_failed";

export type FromExporter =
  | { readonly kind: "send"; readonly id: number; readonly body: ArrayBuffer }
  | {
      readonly kind: "step";
      readonly state: ExportState;
      readonly spans: number;
      readonly rejectedSpans: number;
      /** Refused for good, since the beginning. */
      readonly setAside: number;
    }
  | { readonly kind: "closed" };
