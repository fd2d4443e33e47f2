/** The ports of the exporter: the ledger's rows in the order in which they came, and how far they have been handed over. Types only. */
import type { LedgerRow } from "./store.ts";

/** Reads the ledger beside the gateway that writes it. */
export interface LedgerTail {
  /** Empty for an empty ledger. */
  newestId(): Promise<string>;
  /** In ascending order of their ids. */
  after(id: string, limit: number): Promise<readonly LedgerRow[]>;
  close(): void;
}

export interface SetAsideRow {
  readonly rowId: string;
  readonly traceId: string;
  /** HTTP status of the refusal. */
  readonly status: number;
  readonly timeMs: number;
}

export interface Outbox {
  /** Null: nothing was ever handed over. */
  handedOver(): Promise<string | null>;
  setHandedOver(rowId: string): Promise<void>;
  /** Remembers the row, and goes on behind it. */
  setAside(row: SetAsideRow): Promise<void>;
  countSetAside(): Promise<number>;
  close(): void;
}
