/** The one file that knows the driver. It opens no socket by itself: every connection is made by who opens the store. */
import { Duplex } from "node:stream";
import postgres from "postgres";
import type { DatabaseOptions } from "../store-shared.ts";

/** What the stores use of the driver. */
export type PgClient = postgres.Sql;

const CONNECT_S = 5;
/** After a failure; a query that comes meanwhile waits as long. */
const BACKOFF_S = 0.25;
/** The server gives up what nobody waits for any more. */
const STATEMENT_MS = 60_000;
const IDLE_IN_TRANSACTION_MS = 30_000;

/** Connects when it is first asked something. @param max connections at most, one for notifications apart */
export function createClient(options: DatabaseOptions, max: number): PgClient {
  const { host, port, database, user, password, tls, connect } = options;
  return postgres({
    host,
    port,
    database,
    username: user,
    password,
    max,
    // Given to the driver as its own kind of option, since its types don't name it.
    ...{ socket: () => connect().catch(failedSocket) },
    ssl:
      tls === null
        ? false
        : {
            servername: tls.servername,
            rejectUnauthorized: true,
            ...(tls.ca === null ? {} : { ca: tls.ca }),
          },
    connect_timeout: CONNECT_S,
    backoff: () => BACKOFF_S,
    // By itself the driver prints notices.
    onnotice: () => undefined,
    fetch_types: false,
    connection: {
      application_name: "anyray",
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
  });
}

/**
 * The driver gives a connection up only when its socket closes: one that never came about would be waited for for ever. It closes with the
 * first write, since what the driver has yet to write would keep the connection from ever writing again.
 */
function failedSocket(error: Error): Duplex {
  const socket = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, done) {
      done();
      socket.destroy(error);
    },
  });
  return socket;
}
