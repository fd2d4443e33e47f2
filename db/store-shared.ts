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
  constructor() {
    super("the database can't be reached");
  }
}

/** What one request holds of one cap. */
export type CapHold = Omit<CapUsage, "used"> & { readonly amount: bigint };

/** What is used and reserved under a cap, by all gateways together. */
export interface CapState extends CapUsage {
  readonly reserved: bigint;
}
