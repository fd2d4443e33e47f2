/** A database that several gateways share: where it is, and what stands between it and one of them. Types, and the error of its absence. */
import type { Duplex } from "node:stream";
import type { CapUsage } from "./store-admin.ts";

/** Where a Postgres is, as the deployment configured it. */
export interface DatabasePlace {
  /** A name or address; with a slash at its beginning, the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Empty: none is asked for. */
  readonly password: string;
  /** Whose certificate must be shown; null: plain. */
  readonly tls: { readonly servername: string; readonly ca: string | null } | null;
}

export interface DatabaseOptions extends DatabasePlace {
  /** A new connection, plain as yet. The one way out of the process. */
  readonly connect: () => Promise<Duplex>;
}

/** The database can't be reached, or not in time. Nothing is known of whether the work was done. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly why: "away" | "late";
  constructor(why: "away" | "late" = "away") {
    super("the database can't be reached");
    this.why = why;
  }
}

/** What one request holds of one cap. */
export type CapHold = Omit<CapUsage, "used"> & { readonly amount: bigint };

/** What is used and reserved under a cap, by all gateways together. */
export interface CapState extends CapUsage {
  readonly reserved: bigint;
}

/** What came of one hold: how the cap stands, with the hold if all were reserved. */
export interface CapVerdict extends CapState {
  /** Its hard cap would be passed: then none of the holds is reserved. */
  readonly isRefused: boolean;
}

/** Caps that several gateways count together. A reservation of a gateway that died counts no more after a while. */
export interface CapReservations {
  /**
   * All of a request's holds in one atomic step, or none; one verdict each, in any order. MUST be idempotent on the trace id.
   * @throws (rejects with) StoreUnavailable, soon
   */
  reserve(traceId: string, holds: readonly CapHold[]): Promise<readonly CapVerdict[]>;
  /** Nothing was sent: free again, soon. */
  release(traceId: string): void;
  /** The request's last row is committed in the local ledger: its arrival frees what was held. */
  settled(traceId: string): void;
  /** At the start, when the rows of an earlier process of this gateway have arrived: whatever else it held is free. */
  forgetEarlier(): Promise<void>;
  /** Windows that began at that time or later. */
  usage(fromMs: number): Promise<readonly CapState[]>;
  /** True for one of all gateways: it tells of the threshold. */
  claimNotice(kind: string, of: Omit<CapUsage, "used">): Promise<boolean>;
}

/**
 * `away`: can't be reached; `migration_pending`: its schema is older than this gateway; `newer`: its schema is newer.
 */
export type DatabaseState = "ok" | "away" | "migration_pending" | "newer";

/** What there is only where several gateways share a database. */
export interface SharedDatabase {
  readonly state: DatabaseState;
  /** Rows of the local ledger that are not there yet. */
  readonly waitingRows: number;
  /** Rows that it refused for good; they stay in the local ledger. */
  readonly refusedRows: number;
  readonly reservations: CapReservations;
  /** Brings what waits there; bounded in time. Rejects with StoreUnavailable. */
  flush(): Promise<void>;
  /** After something that administrators set was changed, by whichever gateway. A rejection is tried again. */
  onChange(listener: () => Promise<void>): void;
}
