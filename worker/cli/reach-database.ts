/** The database that the deployment configured, reached by the gateway's one way out: for the processes that open a store. */
import type { DatabaseOptions, DatabasePlace } from "../../db/store.ts";
import type { EgressReport } from "../egress.ts";
import { createDatabaseDialer } from "../egress/database.ts";

const CONNECT_MS = 5_000;

export interface ReachedDatabase {
  /** For `openStore`. */
  readonly database: DatabaseOptions | null;
  /** What has crossed the boundary to it; null: there is none. */
  readonly databaseReport: (() => EgressReport) | null;
}

/** @param place null: SQLite in the data directory */
export function reachDatabase(place: DatabasePlace | null): ReachedDatabase {
  if (place === null) return { database: null, databaseReport: null };
  const dialer = createDatabaseDialer(place, {
    connectMs: CONNECT_MS,
    now: () => performance.now(),
  });
  return {
    database: { ...place, connect: () => dialer.connect() },
    databaseReport: () => dialer.report(),
  };
}
